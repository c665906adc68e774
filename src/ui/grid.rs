//! Widths of columns: which of them fit, and how wide each is. Arithmetic only.

/// What a column wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    /// Least cells that make sense.
    pub(super) least: u16,
    /// Cells that show everything.
    pub(super) natural: u16,
    /// The highest is dropped first; 0 never.
    pub(super) rank: u8,
}

/// So few cells are given at once: they make a word whole.
const LITTLE: u16 = 4;

/// The columns that fit, in order, with their widths: dropped by rank until the rest fits in its least widths; what room is left
/// is shared out, up to what shows everything.
pub(super) fn fit(wants: &[Want], cells: u16, gap: u16) -> Vec<(usize, u16)> {
    let least = |want: &Want| want.least.min(want.natural);
    let mut kept: Vec<usize> = (0..wants.len()).collect();
    let need = |kept: &[usize]| kept.iter().map(|at| u32::from(least(&wants[*at]) + gap)).sum::<u32>();
    while need(&kept) > u32::from(cells) + u32::from(gap) {
        let worst = kept.iter().enumerate().max_by_key(|(place, at)| (wants[**at].rank, *place));
        let Some((place, _)) = worst.filter(|(_, at)| wants[**at].rank > 0) else { break };
        kept.remove(place);
    }
    let mut room = (u32::from(cells) + u32::from(gap)).saturating_sub(need(&kept)) as u16;
    let mut widths: Vec<(usize, u16)> = kept.iter().map(|at| (*at, least(&wants[*at]))).collect();
    let missing = |(at, width): &(usize, u16)| wants[*at].natural.saturating_sub(*width);
    let mut order: Vec<usize> = (0..widths.len()).collect();
    order.sort_by_key(|place| missing(&widths[*place]));
    // Who needs little gets all of it, who needs much an equal share of the rest.
    for (served, place) in order.iter().enumerate() {
        let wanted = missing(&widths[*place]);
        let share = if wanted <= LITTLE { room } else { room / (order.len() - served) as u16 };
        let more = wanted.min(share);
        widths[*place].1 += more;
        room -= more;
    }
    widths
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WANTS: [Want; 3] = [
        Want { least: 4, natural: 10, rank: 0 },
        Want { least: 5, natural: 5, rank: 2 },
        Want { least: 6, natural: 8, rank: 1 },
    ];

    #[test]
    fn the_highest_rank_goes_first_and_room_is_shared_out() {
        assert_eq!(fit(&WANTS, 25, 1), [(0, 10), (1, 5), (2, 8)]);
        assert_eq!(fit(&WANTS, 20, 1), [(0, 5), (1, 5), (2, 8)]);
        assert_eq!(fit(&WANTS, 16, 1), [(0, 7), (2, 8)]);
        assert_eq!(fit(&WANTS, 3, 1), [(0, 4)]);
    }

    proptest! {
        #[test]
        fn what_is_kept_fits(cells in 10u16..200) {
            let kept = fit(&WANTS, cells, 1);
            let used: u16 = kept.iter().map(|(_, width)| width + 1).sum();
            prop_assert!(used <= cells + 1);
        }
    }
}
