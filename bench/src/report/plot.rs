//! `Plot`: lines over two axes as SVG, 400 units wide, with its title, legend, ticks and a text for those who cannot see it.

use std::fmt::Write;

use super::axis::Axis;
use super::text::{escaped, identifier};
use super::thin::thinned;

const WIDTH: f64 = 400.0;
const HEIGHT: f64 = 270.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = 12.0;
const BOTTOM: f64 = 42.0;
const TITLE_Y: f64 = 16.0;
const LEGEND_ROW: f64 = 17.0;
/// Mean width of a character of the legend.
const CHARACTER: f64 = 6.4;

/// Colours of lines, as classes of the style sheet; each keeps its meaning over all plots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Send to deliver; the server; the main line.
    Blue,
    /// Send to sent; maxima.
    Orange,
    /// Connect.
    Violet,
    /// Resume to caught up.
    Green,
    /// The generator, and its lag.
    Grey,
    /// An earlier run, dashed.
    Earlier,
}

impl Ink {
    fn class(self) -> &'static str {
        match self {
            Self::Blue => "blue",
            Self::Orange => "orange",
            Self::Violet => "violet",
            Self::Green => "green",
            Self::Grey => "grey",
            Self::Earlier => "earlier",
        }
    }
}

/// A point that is marked, with the text that tells what it is.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Value on the x axis.
    pub x: f64,
    /// Value on the y axis.
    pub y: f64,
    /// What it is, with its value.
    pub tells: String,
}

/// A line of a plot.
#[derive(Clone, Debug)]
pub struct Line {
    /// Name in the legend.
    pub name: String,
    /// Colour.
    pub ink: Ink,
    /// Points, by x.
    pub points: Vec<(f64, f64)>,
    /// Marked points.
    pub marks: Vec<Mark>,
}

impl Line {
    /// A line without marks.
    pub fn new(name: &str, ink: Ink, points: Vec<(f64, f64)>) -> Self {
        Self {
            name: name.to_owned(),
            ink,
            points,
            marks: Vec::new(),
        }
    }

    /// A line through marked points.
    pub fn marked(name: &str, ink: Ink, marks: Vec<Mark>) -> Self {
        Self {
            name: name.to_owned(),
            ink,
            points: marks.iter().map(|mark| (mark.x, mark.y)).collect(),
            marks,
        }
    }
}

/// A plot.
#[derive(Clone, Debug)]
pub struct Plot {
    /// What it shows, with the unit if the ticks do not tell it.
    pub title: String,
    /// Where it belongs, for the name of a saved file.
    pub of: String,
    /// The x axis.
    pub x: Axis,
    /// The y axis.
    pub y: Axis,
    /// The lines.
    pub lines: Vec<Line>,
}

impl Plot {
    /// The plot as a figure of a page; nothing if no line has a point.
    pub fn figure(&self) -> String {
        if self.lines.iter().all(|line| line.points.is_empty()) {
            return String::new();
        }
        format!("<figure class=\"plot\">{}</figure>\n", self.svg())
    }

    fn svg(&self) -> String {
        let name = identifier(&format!("{}-{}", self.of, self.title));
        let mut out = String::new();
        let _ = write!(
            out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"{}\" data-name=\"{name}\">",
            escaped(&self.description())
        );
        let _ = write!(
            out,
            "<text class=\"title\" x=\"0\" y=\"{TITLE_Y}\">{}</text>",
            escaped(&self.title)
        );
        let top = self.write_legend(&mut out);
        let area = Area {
            top,
            bottom: HEIGHT - BOTTOM,
        };
        self.write_axes(&mut out, &area);
        for line in &self.lines {
            self.write_line(&mut out, &area, line);
        }
        out.push_str("</svg>");
        out
    }

    fn description(&self) -> String {
        let names: Vec<&str> = self.lines.iter().map(|line| line.name.as_str()).collect();
        format!(
            "{} of {}: {} by {}",
            self.title,
            self.of,
            names.join(", "),
            self.x.title
        )
    }

    /// Writes the legend below the title, and tells where the area of the lines begins.
    fn write_legend(&self, out: &mut String) -> f64 {
        let mut y = TITLE_Y + 20.0;
        let shown: Vec<&Line> = self
            .lines
            .iter()
            .filter(|line| !line.points.is_empty())
            .collect();
        if shown.len() < 2 {
            return y;
        }
        let mut x = 0.0;
        for line in shown {
            let width = 36.0 + CHARACTER * line.name.chars().count() as f64;
            if x > 0.0 && x + width > WIDTH {
                x = 0.0;
                y += LEGEND_ROW;
            }
            let _ = write!(
                out,
                "<path class=\"line {}\" d=\"M{x:.0} {:.1}h14\"/><text class=\"legend\" x=\"{:.0}\" y=\"{y:.0}\">{}</text>",
                line.ink.class(),
                y - 4.0,
                x + 19.0,
                escaped(&line.name)
            );
            x += width;
        }
        y + LEGEND_ROW
    }

    fn write_axes(&self, out: &mut String, area: &Area) {
        for (value, label) in self.y.ticks() {
            let y = area.y(&self.y, *value);
            let _ = write!(
                out,
                "<path class=\"grid\" d=\"M{LEFT} {y:.1}H{:.0}\"/><text class=\"tick\" x=\"{:.0}\" y=\"{:.1}\" \
                 text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 7.0,
                y + 4.0,
                escaped(label)
            );
        }
        let bottom = area.bottom;
        let _ = write!(
            out,
            "<path class=\"axis\" d=\"M{LEFT} {bottom:.1}H{:.0}\"/>",
            WIDTH - RIGHT
        );
        let mut free_from = 0.0;
        for (value, label) in self.x.ticks() {
            let half = CHARACTER / 2.0 * label.chars().count() as f64;
            let x = area.x(&self.x, *value);
            let centre = x.clamp(half, WIDTH - half);
            let _ = write!(out, "<path class=\"axis\" d=\"M{x:.1} {bottom:.1}v4\"/>");
            if centre - half < free_from {
                continue;
            }
            free_from = centre + half + CHARACTER;
            let _ = write!(
                out,
                "<text class=\"tick\" x=\"{centre:.1}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
                bottom + 17.0,
                escaped(label)
            );
        }
        let _ = write!(
            out,
            "<text class=\"axis-title\" x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"middle\">{}</text>",
            (LEFT + WIDTH - RIGHT) / 2.0,
            HEIGHT - 6.0,
            escaped(&self.x.title)
        );
    }

    fn write_line(&self, out: &mut String, area: &Area, line: &Line) {
        let class = line.ink.class();
        let points = thinned(line.points.clone());
        if points.len() > 1 {
            let _ = write!(out, "<path class=\"line {class}\" d=\"");
            for (index, (x, y)) in points.iter().enumerate() {
                let verb = if index == 0 { 'M' } else { 'L' };
                let (x, y) = (area.x(&self.x, *x), area.y(&self.y, *y));
                let _ = write!(out, "{verb}{x:.1} {y:.1}");
            }
            out.push_str("\"/>");
        }
        for mark in &line.marks {
            let _ = write!(
                out,
                "<circle class=\"mark {class}\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\"><title>{}</title></circle>",
                area.x(&self.x, mark.x),
                area.y(&self.y, mark.y),
                escaped(&mark.tells)
            );
        }
    }
}

/// The part of the plot that holds the lines.
struct Area {
    top: f64,
    bottom: f64,
}

impl Area {
    fn x(&self, axis: &Axis, value: f64) -> f64 {
        LEFT + axis.position(value) * (WIDTH - RIGHT - LEFT)
    }

    fn y(&self, axis: &Axis, value: f64) -> f64 {
        self.bottom - axis.position(value) * (self.bottom - self.top)
    }
}
