//! Widths of columns: which of them fit, and how wide each is. Arithmetic only.

/// What a column wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct Want {
    /// Least cells with which it tells anything.
    pub(super) tight: u16,
    /// Cells that it is to have before less important columns get any.
    pub(super) least: u16,
    /// Cells that show everything.
    pub(super) natural: u16,
    /// The highest is dropped first; 0 never.
    pub(super) rank: u8,
}

impl Want {
    /// A column that is not squeezed below its least cells.
    pub(super) const fn plain(least: u16, natural: u16, rank: u8) -> Self {
        Self { tight: least, least, natural, rank }
    }

    fn least(self) -> u16 {
        self.least.min(self.natural)
    }

    fn tight(self) -> u16 {
        self.tight.min(self.least())
    }
}

/// Columns up to this rank are dropped only when squeezing the others does not make room, and come back where they fit after all.
const DEAR: u8 = 2;

/// So few cells are given at once: they make a word whole.
const LITTLE: u16 = 4;

/// Most cells of a column that stands still while the others are scrolled.
const STILL: u16 = 32;

/// Columns in their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Laid {
    /// Index and width of each that is shown, in order.
    pub(super) columns: Vec<(usize, u16)>,
    /// Columns that are scrolled out at the left.
    pub(super) before: usize,
    /// Columns that there is no room for at the right, or at all.
    pub(super) after: usize,
    /// Cells scrolled, no more than it takes to see the last column.
    pub(super) sideways: u16,
}

/// As many columns as fit; or, scrolled sideways, all in their whole widths from some column on, the first ones standing still.
pub(super) fn lay(wants: &[Want], cells: u16, gap: u16, still: usize, sideways: u16) -> Laid {
    let whole = |at: usize| if at < still { wants[at].natural.min(STILL) } else { wants[at].natural };
    let total: u32 = (0..wants.len()).map(|at| u32::from(whole(at) + gap)).sum();
    let most = total.saturating_sub(u32::from(cells) + u32::from(gap));
    let sideways = u32::from(sideways).min(most) as u16;
    if sideways == 0 {
        let columns = fit(wants, cells, gap);
        let after = wants.len() - columns.len();
        return Laid { columns, before: 0, after, sideways };
    }
    let mut laid = Laid { columns: Vec::new(), before: 0, after: 0, sideways };
    let (mut passed, mut used) = (0, 0);
    for at in 0..wants.len() {
        let width = whole(at);
        if at >= still && passed < sideways && at + 1 < wants.len() {
            passed += width + gap;
            laid.before += 1;
        } else if used + width.min(LITTLE) > cells {
            laid.after += 1;
        } else {
            laid.columns.push((at, width.min(cells - used)));
            used += width + gap;
        }
    }
    laid
}

/// The columns that fit, in order, with their widths. First what matters less is dropped until the rest has its least widths;
/// then everything is squeezed; only then what matters more goes. What room is left is shared out, up to what shows everything.
pub(super) fn fit(wants: &[Want], cells: u16, gap: u16) -> Vec<(usize, u16)> {
    let mut kept: Vec<usize> = (0..wants.len()).collect();
    let room = u32::from(cells) + u32::from(gap);
    let need = |kept: &[usize], size: fn(Want) -> u16| -> u32 {
        kept.iter().map(|at| u32::from(size(wants[*at]) + gap)).sum()
    };
    let mut size: fn(Want) -> u16 = Want::least;
    while need(&kept, size) > room {
        let worst = kept.iter().enumerate().max_by_key(|(place, at)| (wants[**at].rank, *place));
        match worst.map(|(place, at)| (place, wants[*at].rank)) {
            Some((place, rank)) if rank > DEAR => {
                kept.remove(place);
            }
            _ if need(&kept, Want::tight) <= room => size = Want::tight,
            Some((place, rank)) if rank > 0 => {
                kept.remove(place);
            }
            _ => break,
        }
    }
    // A small one may have gone before a large one for which there was no room either.
    let mut gone: Vec<usize> = (0..wants.len()).filter(|at| wants[*at].rank <= DEAR && !kept.contains(at)).collect();
    gone.sort_by_key(|at| wants[*at].rank);
    for at in gone {
        if need(&kept, size) + u32::from(size(wants[at]) + gap) <= room {
            kept.insert(kept.partition_point(|other| *other < at), at);
        }
    }
    let left = room.saturating_sub(need(&kept, size)) as u16;
    share(wants, kept.iter().map(|at| (*at, size(wants[*at]))).collect(), left)
}

/// Who needs little gets all of it, who needs much an equal share of the rest.
fn share(wants: &[Want], mut widths: Vec<(usize, u16)>, mut room: u16) -> Vec<(usize, u16)> {
    let missing = |(at, width): &(usize, u16)| wants[*at].natural.saturating_sub(*width);
    let mut order: Vec<usize> = (0..widths.len()).collect();
    order.sort_by_key(|place| missing(&widths[*place]));
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

    const WANTS: [Want; 4] = [
        Want { tight: 4, least: 6, natural: 10, rank: 0 },
        Want::plain(5, 5, 3),
        Want { tight: 6, least: 7, natural: 8, rank: 1 },
        Want::plain(9, 20, 7),
    ];

    #[test]
    fn what_matters_less_goes_before_what_matters_more_is_squeezed() {
        assert_eq!(fit(&WANTS, 50, 1), [(0, 10), (1, 5), (2, 8), (3, 20)]);
        assert_eq!(fit(&WANTS, 25, 1), [(0, 10), (1, 5), (2, 8)]);
        assert_eq!(fit(&WANTS, 19, 1), [(0, 10), (2, 8)]);
        assert_eq!(fit(&WANTS, 12, 1), [(0, 4), (2, 7)], "squeezed");
        assert_eq!(fit(&WANTS, 9, 1), [(0, 9)]);
        assert_eq!(fit(&WANTS, 3, 1), [(0, 6)], "the last can't be dropped");
    }

    #[test]
    fn what_went_in_vain_comes_back() {
        let wants = [Want::plain(20, 20, 0), Want::plain(10, 16, 1), Want::plain(5, 5, 2), Want::plain(14, 30, 1)];
        assert_eq!(fit(&wants, 52, 1), [(0, 20), (1, 10), (2, 5), (3, 14)]);
        assert_eq!(fit(&wants, 48, 1), [(0, 20), (1, 11), (3, 15)]);
        assert_eq!(fit(&wants, 42, 1), [(0, 20), (1, 15), (2, 5)], "there was no room for the large one either");
        assert_eq!(fit(&wants, 36, 1), [(0, 20), (1, 15)]);
    }

    #[test]
    fn scrolled_columns_have_their_whole_widths_and_the_first_stand_still() {
        let laid = |sideways| lay(&WANTS, 30, 1, 1, sideways);
        assert_eq!(laid(0).columns.len(), 4);
        let first = Laid { columns: vec![(0, 10), (2, 8), (3, 10)], before: 1, after: 0, sideways: 5 };
        assert_eq!(laid(5), first);
        let last = Laid { columns: vec![(0, 10), (3, 19)], before: 2, after: 0, sideways: 16 };
        assert_eq!(laid(500), last, "no further than to the last column");
        assert_eq!(lay(&WANTS, 50, 1, 1, 8).sideways, 0, "where all fit there is nothing to scroll");
    }

    proptest! {
        #[test]
        fn what_is_kept_fits(cells in 10u16..200, sideways in 0u16..50) {
            let kept = lay(&WANTS, cells, 1, 1, sideways);
            let used: u16 = kept.columns.iter().map(|(_, width)| width + 1).sum();
            prop_assert!(used <= cells + 1);
            prop_assert_eq!(kept.columns.len() + kept.before + kept.after, WANTS.len());
        }
    }
}
