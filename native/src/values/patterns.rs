//! The patterns of a contract: each compiled once, within limits, whoever wrote them.
//!
//! A few letters can ask for much: `\w{90}` is an automaton of 5 MB. So a pattern has a limit, all
//! patterns of a contract have one, and so has what is spent on them before their size is known.
//! What is compiled is kept, for the other fields with the same pattern and for the next converter.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::ast;
use regex_syntax::hir::translate::Translator;
use regex_syntax::hir::{Hir, Look};

use super::pattern_cost::PatternCost;

/// Bytes of one pattern, as it is written.
const MOST_TEXT: usize = 64 << 10;

/// Bytes that one pattern may take, compiled.
const EACH: usize = 4 << 20;

/// Bytes that all patterns of a contract may take, compiled.
const TOGETHER: usize = 32 << 20;

/// Characters that are looked at for their other case, of one pattern and of all: there is one
/// look for each character in a class, and a range of five letters can name a million.
const LOOKS_EACH: u64 = 100_000_000;

const LOOKS_TOGETHER: u64 = 4 * LOOKS_EACH;

/// Bytes that are kept for contracts to come: those of the largest one.
const KEPT: usize = TOGETHER;

/// Bytes of states that a thread remembers of a pattern while it matches...
const MEMORY: usize = 2 << 20;

/// ...if there are no more patterns than so many; of more each has less.
const FEW: usize = 16;

/// Characters of a pattern in a sentence about a value.
const SHOWN: usize = 200;

/// One pattern, ready to be matched with the whole of a text.
pub struct Pattern {
    shown: String,
    regex: Regex,
    bytes: usize,
    looks: u64,
}

/// The patterns of one contract, while they are compiled: of one contract at a time, so that many
/// who ask at once take the memory and the processor of one.
pub struct Patterns {
    kept: Option<MutexGuard<'static, Option<Kept>>>,
    own: HashMap<String, Arc<Pattern>>,
    /// Of each pattern's states.
    memory: usize,
    bytes: usize,
    looks: u64,
}

/// What was compiled last, within a limit.
#[derive(Default)]
struct Kept {
    patterns: HashMap<(String, usize), (Arc<Pattern>, u64)>,
    bytes: usize,
    /// How often something was looked for.
    clock: u64,
}

static KEPT_PATTERNS: Mutex<Option<Kept>> = Mutex::new(None);

impl Pattern {
    /// Whether it matches the whole text.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// As the contract has it; the beginning of a long one.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Bytes that keeping it takes, its text and what is around it included.
    fn cost(&self, text: &str) -> usize {
        self.bytes + text.len() + 8192
    }
}

impl Patterns {
    /// For a contract with so many different patterns.
    pub fn of(number: usize) -> Patterns {
        Patterns {
            kept: None,
            own: HashMap::new(),
            memory: MEMORY / number.div_ceil(FEW).next_power_of_two(),
            bytes: 0,
            looks: 0,
        }
    }

    /// The pattern that a text is. The error is what there is to say of it: "is too large: ..."
    pub fn compile(&mut self, text: &str) -> Result<Arc<Pattern>, String> {
        if let Some(pattern) = self.own.get(text) {
            return Ok(Arc::clone(pattern));
        }
        let lock = || KEPT_PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self.kept.get_or_insert_with(lock).get_or_insert_default();
        let key = (text.to_owned(), self.memory);
        let pattern = match kept.find(&key) {
            Some(pattern) if self.bytes + pattern.bytes > TOGETHER => return Err(together()),
            Some(pattern) if self.looks + pattern.looks > LOOKS_TOGETHER => {
                return Err(looks_together());
            }
            Some(pattern) => pattern,
            None => {
                let left = TOGETHER - self.bytes;
                let pattern = compile(text, left, LOOKS_TOGETHER - self.looks, self.memory)?;
                let pattern = Arc::new(pattern);
                kept.keep(key, Arc::clone(&pattern));
                pattern
            }
        };
        self.bytes += pattern.bytes;
        self.looks += pattern.looks;
        self.own.insert(text.to_owned(), Arc::clone(&pattern));
        Ok(pattern)
    }
}

impl Kept {
    fn find(&mut self, key: &(String, usize)) -> Option<Arc<Pattern>> {
        self.clock += 1;
        let (pattern, used) = self.patterns.get_mut(key)?;
        *used = self.clock;
        Some(Arc::clone(pattern))
    }

    /// In place of what nobody has asked for since longest.
    fn keep(&mut self, key: (String, usize), pattern: Arc<Pattern>) {
        self.bytes += pattern.cost(&key.0);
        self.patterns.insert(key, (pattern, self.clock));
        while self.bytes > KEPT {
            let oldest = self.patterns.iter().min_by_key(|(_, (_, used))| *used);
            let Some(key) = oldest.map(|(key, _)| key.clone()) else {
                break;
            };
            if let Some((pattern, _)) = self.patterns.remove(&key) {
                self.bytes -= pattern.cost(&key.0);
            }
        }
    }
}

fn compile(text: &str, left: usize, looks_left: u64, memory: usize) -> Result<Pattern, String> {
    if text.len() > MOST_TEXT {
        return Err(format!(
            "is too long: it has {} bytes, and {MOST_TEXT} is the limit",
            text.len()
        ));
    }
    let broken = |what: &dyn std::fmt::Display, place: &ast::Span| {
        let number = text
            .get(..place.start.offset)
            .map_or(0, |before| before.chars().count());
        format!("cannot be read: {what}, at its character {}", number + 1)
    };
    let ast = ast::parse::Parser::new().parse(text);
    let ast = ast.map_err(|error| broken(error.kind(), error.span()))?;
    let effort = ast::visit(&ast, PatternCost::default())?;
    if effort.bytes > EACH.min(left) {
        return Err(if left < EACH { together() } else { each() });
    }
    let looks = if effort.folds { effort.looks } else { 0 };
    if looks > LOOKS_EACH {
        return Err(format!(
            "is too large: its classes of characters, in any case, make more than {LOOKS_EACH} \
             characters, the limit of a pattern"
        ));
    }
    if looks > looks_left {
        return Err(looks_together());
    }
    let hir = Translator::new().translate(text, &ast);
    let hir = hir.map_err(|error| broken(error.kind(), error.span()))?;
    // Around what is compiled, and not around the text, which may close what is no group of its own
    // or end in a comment.
    let whole = [Hir::look(Look::Start), hir, Hir::look(Look::End)];
    let config = meta::Config::new()
        .nfa_size_limit(Some(EACH.min(left)))
        .hybrid_cache_capacity(memory)
        // Only whether it matches is asked, which the lazy automaton tells.
        .which_captures(WhichCaptures::None)
        .onepass(false);
    let regex = Regex::builder()
        .configure(config)
        .build_from_hir(&Hir::concat(whole.into()))
        .map_err(|error| match error.size_limit() {
            Some(limit) if limit < EACH => together(),
            Some(_) => each(),
            None => format!("cannot be compiled: {error}"),
        })?;
    let bytes = regex.memory_usage();
    if bytes > left {
        return Err(together());
    }
    Ok(Pattern {
        shown: shown(text),
        regex,
        bytes,
        looks,
    })
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

fn each() -> String {
    format!(
        "is too large: compiled it takes more than {} MiB, the limit of a pattern",
        EACH >> 20
    )
}

fn together() -> String {
    format!(
        "is too large beside the others: compiled they take more than {} MiB, the limit of a \
         contract",
        TOGETHER >> 20
    )
}

fn looks_together() -> String {
    format!(
        "is too large beside the others: their classes of characters, in any case, make more than \
         {LOOKS_TOGETHER} characters, the limit of a contract"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    fn refusal(text: &str) -> String {
        Patterns::of(1).compile(text).err().unwrap()
    }

    #[test]
    fn the_whole_text_is_matched() {
        let mut patterns = Patterns::of(1);
        for (pattern, fits, others) in [
            ("a|b", "b", ["ab", "", "c"]),
            ("(?x) a # till the end", "a", ["aa", "a ", " a"]),
            ("(?m)^a$", "a", ["a\n", "\na", "a\na"]),
            ("(?i)[\u{e0}-\u{e9}]+", "\u{c9}\u{e9}", ["e", "", "\u{ea}"]),
            (r"\w{1,50}", "\u{e9}t\u{e9}", ["a b", "", "\u{2603}"]),
        ] {
            let pattern = patterns.compile(pattern).unwrap();
            assert!(pattern.matches(fits), "{}", pattern.shown());
            for other in others {
                assert!(!pattern.matches(other), "{} {other:?}", pattern.shown());
            }
        }
    }

    #[test]
    fn what_is_no_pattern_is_said_where() {
        assert_eq!(
            refusal("a)(b"),
            "cannot be read: unopened group, at its character 2"
        );
        assert_eq!(
            refusal("\u{e9}("),
            "cannot be read: unclosed group, at its character 2"
        );
        assert!(refusal("a(?=b)").contains("look-around"));
        assert!(refusal(&("(".repeat(30_000) + &")".repeat(30_000))).contains("nest"));
    }

    #[test]
    fn a_pattern_has_a_size() {
        for text in [
            r"\w{90}".to_owned(),
            "((a{1000}){1000}){1000}".to_owned(),
            r"\w".repeat(30_000),
            r"[\p{L}--\p{Lu}]".repeat(300),
        ] {
            let said = refusal(&text);
            assert_eq!(said, each(), "{}", shown(&text));
        }
        assert!(refusal(&"a".repeat(MOST_TEXT + 1)).contains("65537 bytes"));
        assert!(Patterns::of(1).compile(&"a".repeat(MOST_TEXT)).is_ok());
    }

    #[test]
    fn patterns_have_a_size_together() {
        let mut patterns = Patterns::of(2);
        patterns.bytes = TOGETHER - (1 << 20);
        assert!(patterns.compile(r"[A-Z]{2}\w").is_ok());
        assert_eq!(patterns.compile(r"\w{1,50}").err().unwrap(), together());
        patterns.looks = LOOKS_TOGETHER - 1_000;
        assert!(patterns.compile(r"(?i)[a-z]+").is_ok());
        let said = patterns.compile(r"(?i)[!-\x{10FFFF}]").err().unwrap();
        assert_eq!(said, looks_together());
        drop(patterns);
        // Those that are alike are one.
        let (mut patterns, same) = (Patterns::of(1), r"\w{1,50}");
        let first = patterns.compile(same).unwrap();
        for _ in 0..1000 {
            assert!(Arc::ptr_eq(&first, &patterns.compile(same).unwrap()));
        }
        drop(patterns);
        assert!(Arc::ptr_eq(
            &first,
            &Patterns::of(16).compile(same).unwrap()
        ));
        let kept = KEPT_PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(kept.as_ref().is_some_and(|kept| kept.bytes <= KEPT));
    }

    /// Each of these would take seconds or minutes.
    #[test]
    fn what_is_refused_is_refused_at_once() {
        let everything = "[!-\u{10FFFF}]";
        for text in [
            format!("(?i){}", everything.repeat(5000)),
            format!("(?i:{})", r"\p{Any}".repeat(400)),
            format!("(?i)[{}", "[".repeat(100) + r"\w" + &"]".repeat(101)),
            format!("(?i)[\\w{}]", "--a".repeat(20_000)),
        ] {
            let begun = Instant::now();
            let said = refusal(&text);
            assert!(said.contains("limit") || said.contains("nest"), "{said}");
            assert!(begun.elapsed() < Duration::from_secs(2), "{}", shown(&text));
        }
    }
}
