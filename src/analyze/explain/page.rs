//! What a page says.

/// The page of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// What it means for the connection.
    pub meaning: &'static str,
    /// By what packets it is recognised, and what is not taken for it.
    pub recognised: &'static str,
    /// What usually causes it.
    pub causes: &'static str,
    /// What to do on Linux.
    pub linux: &'static str,
    /// What to do on Apple systems; empty where that makes no difference.
    pub apple: &'static str,
}

impl Page {
    pub(super) const EMPTY: Self =
        Self { meaning: "", recognised: "", causes: "", linux: "", apple: "" };
}
