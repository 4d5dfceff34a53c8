// Package template has stand-ins for the functions that rule files can call, as their documentation
// describes them. Its name is that of upstream's package, because messages show it.
package template

import (
	"errors"
	"fmt"
	"html/template"
	"math"
	"net"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

type sample struct {
	Labels map[string]string
	Value  float64
}

type queryResult []*sample

// Query knows a few expressions.
func query(expression string) (queryResult, error) {
	switch expression {
	case "up":
		return queryResult{
			{map[string]string{"__name__": "up", "job": "web", "instance": "b:80"}, 1},
			{map[string]string{"__name__": "up", "job": "db", "instance": "a:90", "__value__": "text"}, 0.5},
			{map[string]string{"__name__": "up", "job": "api", "instance": "c:70"}, 1e7},
		}, nil
	case "none":
		return queryResult{}, nil
	}
	return nil, errors.New("bad expression: " + expression)
}

func toFloat(i any) (float64, error) {
	switch v := i.(type) {
	case float64:
		return v, nil
	case string:
		return strconv.ParseFloat(v, 64)
	case int:
		return float64(v), nil
	case uint:
		return float64(v), nil
	case int64:
		return float64(v), nil
	case uint64:
		return float64(v), nil
	case time.Duration:
		return v.Seconds(), nil
	}
	return 0, fmt.Errorf("can't convert %T to float", i)
}

func isSpecial(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) }

func smaller(v float64) (float64, string) {
	unit := ""
	for _, next := range strings.Split("m u n p f a z y", " ") {
		if math.Abs(v) >= 1 {
			break
		}
		unit = next
		v *= 1000
	}
	return v, unit
}

func larger(v, base float64, units string) (float64, string) {
	unit := ""
	for _, next := range strings.Split(units, " ") {
		if math.Abs(v) < base {
			break
		}
		unit = next
		v /= base
	}
	return v, unit
}

func humanize(i any) (string, error) {
	v, err := toFloat(i)
	if err != nil {
		return "", err
	}
	unit := ""
	switch {
	case v == 0 || isSpecial(v):
	case math.Abs(v) >= 1:
		v, unit = larger(v, 1000, "k M G T P E Z Y")
	default:
		v, unit = smaller(v)
	}
	return fmt.Sprintf("%.4g%s", v, unit), nil
}

func humanize1024(i any) (string, error) {
	v, err := toFloat(i)
	if err != nil {
		return "", err
	}
	unit := ""
	if math.Abs(v) > 1 && !isSpecial(v) {
		v, unit = larger(v, 1024, "ki Mi Gi Ti Pi Ei Zi Yi")
	}
	return fmt.Sprintf("%.4g%s", v, unit), nil
}

func humanizeDuration(i any) (string, error) {
	v, err := toFloat(i)
	if err != nil {
		return "", err
	}
	switch {
	case isSpecial(v):
		return fmt.Sprintf("%.4g", v), nil
	case v == 0:
		return fmt.Sprintf("%.4gs", v), nil
	case math.Abs(v) < 1:
		v, unit := smaller(v)
		return fmt.Sprintf("%.4g%ss", v, unit), nil
	}
	sign := ""
	if v < 0 {
		sign = "-"
		v = -v
	}
	whole := int64(v)
	s, m, h, d := whole%60, whole/60%60, whole/3600%24, whole/86400
	switch {
	case d != 0:
		return fmt.Sprintf("%s%dd %dh %dm %ds", sign, d, h, m, s), nil
	case h != 0:
		return fmt.Sprintf("%s%dh %dm %ds", sign, h, m, s), nil
	case m != 0:
		return fmt.Sprintf("%s%dm %ds", sign, m, s), nil
	}
	return fmt.Sprintf("%s%.4gs", sign, v), nil
}

func toTime(v float64) (*time.Time, error) {
	if isSpecial(v) {
		return nil, errors.New("value is NaN or Inf")
	}
	nanos := v * 1e9
	if nanos > math.MaxInt64 || nanos < math.MinInt64 {
		return nil, fmt.Errorf("%v cannot be represented as a nanoseconds timestamp since it overflows int64", v)
	}
	t := time.UnixMilli(int64(nanos) / 1_000_000).UTC()
	return &t, nil
}

// Functions is what rule files can call.
var Functions = map[string]any{
	"query": query,
	"first": func(r queryResult) (*sample, error) {
		if len(r) == 0 {
			return nil, errors.New("first() called on vector with no elements")
		}
		return r[0], nil
	},
	"label":    func(label string, s *sample) string { return s.Labels[label] },
	"value":    func(s *sample) float64 { return s.Value },
	"strvalue": func(s *sample) string { return s.Labels["__value__"] },
	"sortByLabel": func(label string, r queryResult) queryResult {
		sorted := append(queryResult{}, r...)
		sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Labels[label] < sorted[j].Labels[label] })
		return sorted
	},
	"args": func(args ...any) map[string]any {
		named := map[string]any{}
		for i, arg := range args {
			named["arg"+strconv.Itoa(i)] = arg
		}
		return named
	},
	"reReplaceAll": func(pattern, replacement, text string) string {
		return regexp.MustCompile(pattern).ReplaceAllString(text, replacement)
	},
	"match":          regexp.MatchString,
	"title":          strings.Title,
	"toUpper":        strings.ToUpper,
	"toLower":        strings.ToLower,
	"safeHtml":       func(text string) template.HTML { return template.HTML(text) },
	"graphLink":      func(e string) string { return "/graph?g0.expr=" + url.QueryEscape(e) + "&g0.tab=0" },
	"tableLink":      func(e string) string { return "/graph?g0.expr=" + url.QueryEscape(e) + "&g0.tab=1" },
	"urlQueryEscape": url.QueryEscape,
	"pathPrefix":     func() string { return "/prefix" },
	"externalURL":    func() string { return "http://example.org:9090/prefix" },
	"stripPort": func(address string) string {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return address
		}
		return host
	},
	"stripDomain": func(address string) string {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			host = address
		}
		if net.ParseIP(host) != nil {
			return address
		}
		host, _, _ = strings.Cut(host, ".")
		if port != "" {
			return net.JoinHostPort(host, port)
		}
		return host
	},
	"humanize":         humanize,
	"humanize1024":     humanize1024,
	"humanizeDuration": humanizeDuration,
	"humanizePercentage": func(i any) (string, error) {
		v, err := toFloat(i)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%.4g%%", v*100), nil
	},
	"humanizeTimestamp": func(i any) (string, error) {
		v, err := toFloat(i)
		if err != nil {
			return "", err
		}
		if isSpecial(v) {
			return fmt.Sprintf("%.4g", v), nil
		}
		t, err := toTime(v)
		if err != nil {
			return "", err
		}
		return fmt.Sprint(t), nil
	},
	"toTime": func(i any) (*time.Time, error) {
		v, err := toFloat(i)
		if err != nil {
			return nil, err
		}
		return toTime(v)
	},
	"toDuration": func(i any) (*time.Duration, error) {
		v, err := toFloat(i)
		if err != nil {
			return nil, err
		}
		d := time.Duration(v * float64(time.Second))
		return &d, nil
	},
	"now": func() float64 { return 1435065584.128 },
	"parseDuration": func(text string) (float64, error) {
		// Enough of the notation for the cases.
		d, err := time.ParseDuration(text)
		if err != nil {
			return 0, fmt.Errorf("not a valid duration string: %q", text)
		}
		return d.Seconds(), nil
	},
}

// AlertData is what the template of an alert sees.
func AlertData() any {
	return struct {
		Labels         map[string]string
		ExternalLabels map[string]string
		ExternalURL    string
		Value          any
	}{
		Labels:         map[string]string{"alertname": "DiskFull", "instance": "web-1:9100", "job": "node", "severity": "page"},
		ExternalLabels: map[string]string{"region": "eu"},
		ExternalURL:    "http://example.org:9090/prefix",
		Value:          0.9532,
	}
}

// AlertPrefix gives the data names.
const AlertPrefix = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}" +
	"{{$externalURL := .ExternalURL}}{{$value := .Value}}"
