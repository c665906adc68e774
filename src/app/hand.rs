//! The second hand: how often what counts up or down is drawn anew. While nobody works with the console it moves in larger steps:
//! drawing a screen on which nothing but ages has changed is most of what an idle console would cost.

use std::time::Duration;

use super::State;

/// While somebody works, or something counts down.
const QUICK: Duration = Duration::from_secs(1);
/// While the console only stands there.
const CALM: Duration = Duration::from_secs(5);
/// Somebody who has pressed a key this long ago works with it.
const AT_WORK: i64 = 30;

impl State {
    /// After how long the time is to be told again.
    pub fn second_hand(&self) -> Duration {
        let at_work = self.now.as_second() - self.touched.as_second() < AT_WORK;
        let under_way = !self.acts.armed.is_empty() || self.acts.runs.iter().any(|run| run.end.is_none());
        if at_work || under_way || self.notice.is_some() || self.dialog().is_some() { QUICK } else { CALM }
    }

    /// Moves the hand to the time that it is now; whether anybody sees it move.
    pub(super) fn move_hand(&mut self) -> bool {
        let since = self.now.as_second() - self.hand.as_second();
        let moves = self.settings.ages && since.unsigned_abs() >= self.second_hand().as_secs();
        if moves {
            self.hand = self.now;
        }
        moves
    }
}
