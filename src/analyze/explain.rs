//! What each finding means: the text behind `mptcpscope explain`, the HTML report and the TUI.

mod addresses;
mod capture;
mod close;
mod data;
mod handshake;
mod joins;
mod page;
mod proofs;
mod strict;

pub use page::Page;

use super::finding::Code;

/// All pages, chapter by chapter.
const CHAPTERS: [&[(Code, Page)]; 8] = [
    capture::PAGES,
    handshake::PAGES,
    proofs::PAGES,
    joins::PAGES,
    addresses::PAGES,
    data::PAGES,
    close::PAGES,
    strict::PAGES,
];

/// All codes, in the order of their pages.
pub fn codes() -> impl Iterator<Item = Code> {
    CHAPTERS.into_iter().flatten().map(|(code, _)| *code)
}

/// The page of `code`.
pub fn page(code: Code) -> Page {
    let found = CHAPTERS.into_iter().flatten().find(|(known, _)| *known == code);
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
    fn every_code_has_one_page() {
        let mut codes: Vec<_> = codes().collect();
        codes.sort_unstable();
        assert_eq!(codes, Code::ALL);
    }

    #[test]
    fn every_page_is_complete() {
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
