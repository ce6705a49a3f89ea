//! Rules about whole records: which columns must have a value if another column has a given one.

use std::fmt::Write;

use super::column::Column;
use super::reject_reasons::shown;
use crate::conversion_spec::RuleSpec;

/// A rule that one of several columns must have a value, in all records or in some.
pub struct RecordRule {
    /// The column and its texts for which the rule holds. None if it holds for all records.
    when: Option<(usize, Vec<Box<[u8]>>)>,
    /// The indexes of the columns, as far as the input has them.
    any_of: Vec<usize>,
    /// The names of all columns that the contract lists.
    names: String,
}

impl RecordRule {
    /// Compiles a rule. The error is a sentence.
    pub fn compile(spec: RuleSpec, columns: &[Column]) -> Result<RecordRule, String> {
        let at = |name: &str| columns.iter().position(|column| *column.name == *name);
        let any_of = spec.any_of.iter().filter_map(|name| at(name)).collect();
        let when = match spec.when {
            None => None,
            Some(name) => {
                let column = at(&name).ok_or(format!("a rule names {name:?}, no column"))?;
                let texts = spec.values.into_iter().map(|text| text.into_bytes().into());
                Some((column, texts.collect()))
            }
        };
        Ok(RecordRule {
            when,
            any_of,
            names: spec.any_of.join(", "),
        })
    }

    /// The sentence about a record that breaks the rule; None if it does not. `field` gives a column's
    /// text, and whether it means NULL.
    pub fn broken(
        &self,
        columns: &[Column],
        mut field: impl FnMut(&Column) -> (Vec<u8>, bool),
    ) -> Option<String> {
        let mut reason = format!("The record has no value in {}", self.names);
        if let Some((column, texts)) = &self.when {
            let column = &columns[*column];
            let (text, _) = field(column);
            if !texts.iter().any(|one| **one == *text) {
                return None;
            }
            let written = write!(reason, ", and {} is {}", column.name, shown(&text));
            debug_assert!(written.is_ok(), "a String takes whatever is written");
        }
        let filled = self.any_of.iter().any(|&column| !field(&columns[column]).1);
        reason.push('.');
        (!filled).then_some(reason)
    }
}
