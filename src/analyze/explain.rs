//! What each finding means: the text behind `mptcpscope explain`, the HTML report and the TUI.

mod addresses;
mod capture;
mod data;
mod handshake;
mod joins;
mod violations;

use super::finding::Code;

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
    const EMPTY: Self = Self { meaning: "", recognised: "", causes: "", linux: "", apple: "" };
}

/// The page of `code`.
pub fn page(code: Code) -> Page {
    let groups = [
        capture::PAGES,
        handshake::PAGES,
        joins::PAGES,
        addresses::PAGES,
        data::PAGES,
        violations::PAGES,
    ];
    let mut pages = groups.into_iter().flatten();
    let found = pages.find(|(known, _)| *known == code);
    found.map_or(Page::EMPTY, |(_, page)| *page)
}

/// The first sentence of a page's meaning, for lists.
pub fn headline(code: Code) -> &'static str {
    let meaning = page(code).meaning;
    meaning.split_inclusive(". ").next().unwrap_or(meaning).trim_end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_page() {
        for code in Code::ALL {
            let page = page(*code);
            for text in [page.meaning, page.recognised, page.causes, page.linux] {
                assert!(text.ends_with('.'), "{code}: '{text}'");
                assert!(!text.contains("  "), "{code}: two spaces in '{text}'");
            }
            let apple = page.apple;
            assert!(apple.is_empty() || apple.ends_with('.'), "{code}: '{apple}'");
            assert!(headline(*code).chars().count() <= 110, "{code}: {}", headline(*code));
        }
    }
}
