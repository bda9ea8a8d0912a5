//! What decides between two candidates for the keeper.

/// What made one candidate the better keeper, in the order in which they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Criterion {
    /// It lies in a reference folder.
    Reference,
    /// Nothing of it is missing.
    Undamaged,
    /// The other one shows a part of it, or has something around it.
    Whole,
    /// A rule of the user, and what it found.
    Wish(&'static str),
    /// It is the picture of a complete unit.
    Unit,
    /// More speaks for its being the camera's own file.
    Claim,
    /// The other one was made from it, or from another one that is there.
    Source,
    /// It has more pixels.
    Pixels,
    /// It holds the sensor's values.
    Raw,
    /// It has lost less.
    Loss,
    /// Its metadata say more.
    Facts,
    /// Its file is larger.
    Size,
    /// It was taken earlier.
    Captured,
    /// It is not called a copy.
    Name,
    /// Its file is older.
    Modified,
    /// Its path is shorter.
    PathLength,
    /// Its path comes first.
    Path,
    /// Both are the same file.
    Same,
}

impl Criterion {
    /// Whether evidence decided, and not a wish, a place, or what is missing of the other one.
    pub fn is_evidence(self) -> bool {
        self >= Self::Claim
    }
}
