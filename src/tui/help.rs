//! The page of keys, and of the filter language where rows can be filtered.

use super::app::App;
use super::keymap::BINDINGS;
use super::screens::Prompt;
use crate::filter::{Field, MEANING, SYNTAX};

/// The lines of the page, for the screen that has the keys.
pub fn lines(app: &App) -> Vec<String> {
    let here = BINDINGS.iter().filter(|binding| binding.applies(app));
    let mut lines: Vec<_> =
        here.map(|binding| format!(" {:<15}{}", binding.name(app), binding.help)).collect();
    if app.screen.prompt() == Prompt::Filter {
        lines.push(String::new());
        lines.push(" Filter (/)".to_owned());
        lines.extend(SYNTAX.iter().map(|(example, about)| format!("   {example:<24}{about}")));
        lines.extend(MEANING.iter().map(|line| format!("   {line}")));
        lines.push(String::new());
        lines.push(" Fields".to_owned());
        let field = |field: &Field| format!("   {:<15}{}", field.name(), field.about());
        lines.extend(Field::ALL.iter().map(field));
    }
    lines
}
