// Makes the expectations of the template cases with Go's own libraries.
//
//	cd crates/template/testdata/oracle && go run . < cases.jsonl > new && mv new cases.jsonl
//
// A case is a line of JSON: "set" says which library and which functions ("text", "html", "alert",
// "console"), "text" is the template, "missing" is the option missingkey. Answers are added: the output
// in Latin-1, so that any byte fits into JSON, or the message of the error.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	html "html/template"
	"io"
	"math"
	"os"
	"strings"
	text "text/template"
	"time"

	"oracle/template"
)

type Inner struct {
	Name  string
	Count int
	inner bool
}

func (i Inner) Twice() int              { return 2 * i.Count }
func (i Inner) Greet(who string) string { return i.Name + " greets " + who }

type KV map[string]string

func (kv KV) Names() []string {
	names := make([]string, 0, len(kv))
	for _, name := range []string{"alertname", "job", "severity"} {
		if _, ok := kv[name]; ok {
			names = append(names, name)
		}
	}
	return names
}

type Level int

func (l Level) String() string { return fmt.Sprintf("level-%d", int(l)) }

type Word string

type Data struct {
	Name, Empty, Html, Uni, Lines, Url, Raw string
	N, Neg, Zero                            int
	Byte                                    uint8
	Wide                                    int64
	U                                       uint64
	F, Big, Small, NaN, Inf                 float64
	B                                       bool
	T                                       time.Time
	D                                       time.Duration
	List                                    []string
	Ints                                    []int
	Floats                                  []float64
	None                                    []int
	Nested                                  [][]int
	Any                                     []any
	Bytes                                   []byte
	Map                                     map[string]string
	Counts                                  map[string]int
	MapAny                                  map[string]any
	Numbers                                 map[int]string
	NilMap                                  map[string]string
	Deep                                    map[string]map[string]int
	Nil                                     any
	Thing                                   any
	Inner                                   Inner
	P, NilP                                 *Inner
	Inners                                  []Inner
	KV                                      KV
	Level                                   Level
	Word                                    Word
	Add                                     func(int, int) int
	Join                                    func(string, ...string) string
	Fail                                    func() (string, error)
	Safe                                    html.HTML
	SafeURL                                 html.URL
	SafeJS                                  html.JS
	SafeCSS                                 html.CSS
	SafeAttr                                html.HTMLAttr
	SafeJSStr                               html.JSStr
	hidden                                  int
}

func (d Data) Hello(name string) string { return "Hello, " + name + "!" }
func (d Data) Sum(numbers ...int) (sum int) {
	for _, n := range numbers {
		sum += n
	}
	return sum
}
func (d Data) Broken() (string, error)        { return "", errors.New("it is broken") }
func (d Data) Half(f float64) float64         { return f / 2 }
func (d Data) Self() Data                     { return d }
func (d Data) Wait(t time.Duration) string    { return t.String() }
func (d Data) Opposite(b bool) bool           { return !b }
func (d Data) Count(kv map[string]string) int { return len(kv) }
func (d Data) Unsigned(n uint8) string        { return fmt.Sprint(n) }

func data() Data {
	inner := Inner{"in", 3, true}
	return Data{
		Name: "world", Html: `<a href="x">'&'</a>`, Uni: "Grüße, 世界 ñ", Lines: "one\ntwo\r\n\tthree",
		Url: "http://x.org/a b?c=d&e='f'", Raw: "a\xffb\x00",
		N: 42, Neg: -7, Byte: 200, Wide: 1 << 40, U: 1 << 63,
		F: 3.25, Big: 1234567890.5, Small: 0.000012345, NaN: math.NaN(), Inf: math.Inf(1),
		B: true, T: time.Date(2024, 2, 29, 13, 4, 5, 678900000, time.UTC), D: 90*time.Minute + 1500*time.Millisecond,
		List: []string{"a", "b", "c"}, Ints: []int{3, 1, 2}, Floats: []float64{1, 2.5, 1e21}, None: []int{},
		Nested: [][]int{{1, 2}, {3}}, Any: []any{1, "two", 3.5, nil, true}, Bytes: []byte("bytes"),
		Map: map[string]string{"b": "2", "a": "1"}, Counts: map[string]int{"x": 1, "y": 0},
		MapAny:  map[string]any{"s": "text", "n": 5, "nil": nil, "m": map[string]any{"k": "v"}},
		Numbers: map[int]string{2: "two", 1: "one"}, Deep: map[string]map[string]int{"a": {"b": 7}},
		Thing: inner, Inner: inner, P: &inner, Inners: []Inner{{"i", 1, false}, {"j", 2, false}},
		KV: KV{"alertname": "A", "job": "j"}, Level: 3, Word: "word",
		Add:  func(a, b int) int { return a + b },
		Join: func(sep string, parts ...string) string { return strings.Join(parts, sep) },
		Fail: func() (string, error) { return "", errors.New("it failed") },
		Safe: "<b>bold</b>", SafeURL: "javascript:go()", SafeJS: "go()", SafeCSS: "color: red", SafeAttr: `title="x"`,
		SafeJSStr: `a\x20b`,
	}
}

type Case struct {
	Set     string `json:"set"`
	Text    string `json:"text"`
	Missing string `json:"missing,omitempty"`
}

type Answer struct {
	Case
	Output *string `json:"output,omitempty"`
	Error  string  `json:"error,omitempty"`
}

func run(c Case) (string, error) {
	option := "missingkey=" + c.Missing
	if c.Missing == "" {
		option = "missingkey=zero"
	}
	var out bytes.Buffer
	switch c.Set {
	case "text":
		t, err := text.New("case").Option(option).Parse(c.Text)
		if err != nil {
			return "", err
		}
		err = t.Execute(&out, data())
		return out.String(), err
	case "html":
		t, err := html.New("case").Option(option).Parse(c.Text)
		if err != nil {
			return "", err
		}
		err = t.Execute(&out, data())
		return out.String(), err
	case "alert":
		t, err := text.New("__alert_Case").Funcs(template.Functions).Option(option).Parse(template.AlertPrefix + c.Text)
		if err != nil {
			return "", err
		}
		err = t.Execute(&out, template.AlertData())
		return out.String(), err
	case "console":
		t := html.New("case").Funcs(template.Functions).Option(option)
		t.Funcs(html.FuncMap{"tmpl": func(name string, data any) (html.HTML, error) {
			var inner bytes.Buffer
			err := t.ExecuteTemplate(&inner, name, data)
			return html.HTML(inner.String()), err
		}})
		t, err := t.Parse(c.Text)
		if err != nil {
			return "", err
		}
		err = t.Execute(&out, data())
		return out.String(), err
	}
	panic("unknown set " + c.Set)
}

func latin1(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

func main() {
	in := bufio.NewReader(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for {
		line, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			var c Case
			if err := json.Unmarshal(line, &c); err != nil {
				panic(err)
			}
			answer := Answer{Case: c}
			output, err := run(c)
			if err != nil {
				answer.Error = err.Error()
			} else {
				shown := latin1(output)
				answer.Output = &shown
			}
			if err := out.Encode(answer); err != nil {
				panic(err)
			}
		}
		if err == io.EOF {
			return
		}
	}
}
