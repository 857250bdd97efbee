//! Thins a line of many points for a plot: of each stretch only its least and its greatest point stay, in their order.

/// Points of a line in a plot at most.
pub const POINTS_MAX: usize = 600;

/// At most [`POINTS_MAX`] points; no peak is lost.
pub fn thinned(points: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    if points.len() <= POINTS_MAX {
        return points;
    }
    let stretch = points.len().div_ceil(POINTS_MAX / 2);
    let mut kept = Vec::with_capacity(POINTS_MAX);
    for part in points.chunks(stretch) {
        let by_value = |left: &&(f64, f64), right: &&(f64, f64)| left.1.total_cmp(&right.1);
        let (Some(least), Some(most)) =
            (part.iter().min_by(by_value), part.iter().max_by(by_value))
        else {
            continue;
        };
        if least.0 == most.0 {
            kept.push(*least);
        } else if least.0 < most.0 {
            kept.extend([*least, *most]);
        } else {
            kept.extend([*most, *least]);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_stay_and_the_number_is_bounded() {
        let mut points: Vec<(f64, f64)> = (0..100_000).map(|i| (f64::from(i), 1.0)).collect();
        points[54_321].1 = 9.0;
        points[77_777].1 = -9.0;
        let kept = thinned(points.clone());
        assert!(kept.len() <= POINTS_MAX);
        assert!(kept.contains(&(54_321.0, 9.0)) && kept.contains(&(77_777.0, -9.0)));
        assert!(kept.is_sorted_by(|left, right| left.0 < right.0));
        assert_eq!(thinned(points[..600].to_vec()).len(), 600);
    }
}
