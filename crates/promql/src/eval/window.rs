//! The samples that one step of a range selector sees, found by sliding over a series' columns.

use std::sync::Arc;

use model::Histogram;
use storage::HistogramSamples;

/// One step's view of a series: samples after `start` and up to `end`. Without stale markers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window<'a> {
    /// Times of the floats, rising.
    pub(crate) timestamps: &'a [i64],
    /// The floats.
    pub(crate) values: &'a [f64],
    /// Since when each float has counted, 0 where nobody knows; empty if no float has a start.
    pub(crate) starts: &'a [i64],
    /// The native histograms.
    pub(crate) histograms: HistogramWindow<'a>,
    /// False if no value of the series is below the one before, so that nobody need look here.
    pub(crate) may_fall: bool,
    /// Left border, itself outside.
    pub(crate) start: i64,
    /// Right border, itself inside.
    pub(crate) end: i64,
    /// The step's own time, which `offset` and `@` do not move.
    pub(crate) step: i64,
}

/// The native histograms that a window sees.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HistogramWindow<'a> {
    /// Their times, rising.
    pub(crate) timestamps: &'a [i64],
    /// The histograms.
    pub(crate) values: &'a [Arc<Histogram>],
    /// Since when each has counted, 0 where nobody knows.
    pub(crate) starts: &'a [i64],
}

impl HistogramWindow<'_> {
    /// How many samples the histograms count for.
    pub(crate) fn sample_size(&self) -> usize {
        total_sample_size(self.values)
    }
}

/// How many samples some histograms count for.
pub(crate) fn total_sample_size<'a>(
    histograms: impl IntoIterator<Item = &'a Arc<Histogram>>,
) -> usize {
    let sizes = histograms
        .into_iter()
        .map(|histogram| histogram.sample_size());
    sizes.sum()
}

/// Moves over the native histograms of a series, to later windows only.
pub(crate) struct HistogramSlider<'a> {
    samples: &'a HistogramSamples,
    slider: Slider,
    with_starts: bool,
}

impl<'a> HistogramSlider<'a> {
    /// Over these; their starts are only seen if wanted.
    pub(crate) fn over(samples: &'a HistogramSamples, with_starts: bool) -> Self {
        Self {
            samples,
            slider: Slider::default(),
            with_starts,
        }
    }

    /// Moves on to the histograms after `start` and up to `end`.
    #[inline]
    pub(crate) fn advance(&mut self, start: i64, end: i64) -> HistogramWindow<'a> {
        if self.samples.is_empty() {
            return HistogramWindow::default();
        }
        let inside = self.slider.advance(self.samples.timestamps(), start, end);
        HistogramWindow {
            timestamps: &self.samples.timestamps()[inside.clone()],
            values: &self.samples.values()[inside.clone()],
            starts: match self.with_starts {
                true => &self.samples.start_timestamps()[inside],
                false => &[],
            },
        }
    }

    /// How many samples the histograms count for that no window before had.
    #[inline]
    pub(crate) fn newly(&self) -> usize {
        if self.samples.is_empty() {
            return 0;
        }
        total_sample_size(&self.samples.values()[self.slider.newcomers()])
    }
}

/// Where a window begins and ends in a series' columns; moves to later windows only.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slider {
    from: usize,
    to: usize,
    /// Where the window before ended.
    seen: usize,
}

impl Slider {
    /// Moves on to the samples after `start` and up to `end`.
    #[inline]
    pub(crate) fn advance(
        &mut self,
        timestamps: &[i64],
        start: i64,
        end: i64,
    ) -> std::ops::Range<usize> {
        self.seen = self.to;
        while timestamps.get(self.to).is_some_and(|&time| time <= end) {
            self.to += 1;
        }
        while self.from < self.to && timestamps[self.from] <= start {
            self.from += 1;
        }
        self.from..self.to
    }

    /// How many samples no window before had.
    #[inline]
    pub(crate) fn newly(&self) -> usize {
        self.newcomers().len()
    }

    fn newcomers(&self) -> std::ops::Range<usize> {
        self.seen.max(self.from)..self.to
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A window whose step is at its end.
    pub(crate) fn window<'a>(
        timestamps: &'a [i64],
        values: &'a [f64],
        start: i64,
        end: i64,
    ) -> Window<'a> {
        Window {
            timestamps,
            values,
            starts: &[],
            histograms: HistogramWindow::default(),
            may_fall: true,
            start,
            end,
            step: end,
        }
    }

    #[test]
    fn windows_are_open_on_the_left() {
        let times = [0, 10, 20, 30];
        let mut slider = Slider::default();
        assert_eq!(slider.advance(&times, -5, 5), 0..1);
        assert_eq!(slider.advance(&times, 0, 10), 1..2);
        assert_eq!(slider.advance(&times, 0, 20), 1..3);
        assert_eq!(slider.advance(&times, 25, 29), 3..3);
        assert_eq!(slider.advance(&times, 30, 100), 4..4);
    }
}
