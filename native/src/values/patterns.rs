//! Compiles the regular expressions of a contract, each once, within limits of memory and time.
//!
//! A short pattern can need much memory: `\w{90}` is an automaton of 5 MB. So a pattern has a limit,
//! the patterns of a contract have one together, and so has the effort before their size is known.
//! Compiled patterns are cached, for other fields with the same pattern and for later converters.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::ast;
use regex_syntax::hir::translate::Translator;
use regex_syntax::hir::{Hir, Look};

use super::pattern_cost::PatternCost;

/// The most bytes of one pattern, as it is written.
const MAX_PATTERN_TEXT: usize = 64 << 10;

/// The most bytes of one compiled pattern.
const MAX_PATTERN_BYTES: usize = 4 << 20;

/// The most bytes of all compiled patterns of a contract.
const MAX_CONTRACT_BYTES: usize = 32 << 20;

/// The most characters whose other case is looked up, for one pattern and for all of a contract. Each
/// character in a class is looked up, and a range of five letters can name a million.
const MAX_PATTERN_LOOKUPS: u64 = 100_000_000;

const MAX_CONTRACT_LOOKUPS: u64 = 4 * MAX_PATTERN_LOOKUPS;

/// The most bytes of cached patterns: as many as the largest contract has.
const MAX_CACHE_BYTES: usize = MAX_CONTRACT_BYTES;

/// The bytes of automaton states that a thread keeps for a pattern while it matches.
const MEMORY: usize = 2 << 20;

/// The most patterns that get all of `MEMORY`. If a contract has more, each gets less.
const PATTERNS_WITH_FULL_MEMORY: usize = 16;

/// The most characters of a pattern in a sentence about a value.
const SHOWN: usize = 200;

/// One compiled pattern. It matches whole texts.
pub struct Pattern {
    shown: String,
    regex: Regex,
    bytes: usize,
    lookups: u64,
}

/// The patterns of one contract while they are compiled. Only one contract is compiled at a time, so
/// that many requests at once need the memory and the processor of one.
pub struct Patterns {
    cache: Option<MutexGuard<'static, Option<PatternCache>>>,
    own: HashMap<String, Arc<Pattern>>,
    /// The bytes of the states of each pattern.
    memory: usize,
    bytes: usize,
    lookups: u64,
}

/// The patterns that were used last, within a limit.
#[derive(Default)]
struct PatternCache {
    patterns: HashMap<(String, usize), (Arc<Pattern>, u64)>,
    bytes: usize,
    /// The number of searches so far: the time of the last use of a pattern.
    clock: u64,
}

static PATTERN_CACHE: Mutex<Option<PatternCache>> = Mutex::new(None);

impl Pattern {
    /// Whether the pattern matches the whole text.
    pub fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The pattern as the contract has it, cut if it is long.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// The bytes that caching the pattern needs, its text included.
    fn cost(&self, text: &str) -> usize {
        self.bytes + text.len() + 8192
    }
}

impl Patterns {
    /// Prepares for a contract with `number` different patterns.
    pub fn of(number: usize) -> Patterns {
        Patterns {
            cache: None,
            own: HashMap::new(),
            memory: MEMORY
                / number
                    .div_ceil(PATTERNS_WITH_FULL_MEMORY)
                    .next_power_of_two(),
            bytes: 0,
            lookups: 0,
        }
    }

    /// Compiles a pattern. The error is the second half of a sentence: "is too large: ..."
    pub fn compile(&mut self, text: &str) -> Result<Arc<Pattern>, String> {
        if let Some(pattern) = self.own.get(text) {
            return Ok(Arc::clone(pattern));
        }
        let lock = || PATTERN_CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        let cache = self.cache.get_or_insert_with(lock).get_or_insert_default();
        let key = (text.to_owned(), self.memory);
        let pattern = match cache.find(&key) {
            Some(pattern) if self.bytes + pattern.bytes > MAX_CONTRACT_BYTES => {
                return Err(together());
            }
            Some(pattern) if self.lookups + pattern.lookups > MAX_CONTRACT_LOOKUPS => {
                return Err(lookups_together());
            }
            Some(pattern) => pattern,
            None => {
                let left = MAX_CONTRACT_BYTES - self.bytes;
                let pattern =
                    compile(text, left, MAX_CONTRACT_LOOKUPS - self.lookups, self.memory)?;
                let pattern = Arc::new(pattern);
                cache.keep(key, Arc::clone(&pattern));
                pattern
            }
        };
        self.bytes += pattern.bytes;
        self.lookups += pattern.lookups;
        self.own.insert(text.to_owned(), Arc::clone(&pattern));
        Ok(pattern)
    }
}

impl PatternCache {
    fn find(&mut self, key: &(String, usize)) -> Option<Arc<Pattern>> {
        self.clock += 1;
        let (pattern, used) = self.patterns.get_mut(key)?;
        *used = self.clock;
        Some(Arc::clone(pattern))
    }

    /// Adds a pattern, and removes those that were not used for the longest time.
    fn keep(&mut self, key: (String, usize), pattern: Arc<Pattern>) {
        self.bytes += pattern.cost(&key.0);
        self.patterns.insert(key, (pattern, self.clock));
        while self.bytes > MAX_CACHE_BYTES {
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

fn compile(text: &str, left: usize, lookups_left: u64, memory: usize) -> Result<Pattern, String> {
    if text.len() > MAX_PATTERN_TEXT {
        return Err(format!(
            "is too long: it has {} bytes; the limit is {MAX_PATTERN_TEXT}",
            text.len()
        ));
    }
    let broken = |what: &dyn std::fmt::Display, place: &ast::Span| {
        let number = text
            .get(..place.start.offset)
            .map_or(0, |before| before.chars().count());
        format!("is not valid: {what}, at character {}", number + 1)
    };
    let ast = ast::parse::Parser::new().parse(text);
    let ast = ast.map_err(|error| broken(error.kind(), error.span()))?;
    let effort = ast::visit(&ast, PatternCost::default())?;
    if effort.bytes > MAX_PATTERN_BYTES.min(left) {
        return Err(if left < MAX_PATTERN_BYTES {
            together()
        } else {
            each()
        });
    }
    let lookups = if effort.folds { effort.lookups } else { 0 };
    if lookups > MAX_PATTERN_LOOKUPS {
        return Err(format!(
            "is too large: its character classes, ignoring case, have more than \
             {MAX_PATTERN_LOOKUPS} characters, the limit for a pattern"
        ));
    }
    if lookups > lookups_left {
        return Err(lookups_together());
    }
    let hir = Translator::new().translate(text, &ast);
    let hir = hir.map_err(|error| broken(error.kind(), error.span()))?;
    // The anchors are put around the parsed pattern. Its text may close a group or end in a comment.
    let whole = [Hir::look(Look::Start), hir, Hir::look(Look::End)];
    let config = meta::Config::new()
        .nfa_size_limit(Some(MAX_PATTERN_BYTES.min(left)))
        .hybrid_cache_capacity(memory)
        // Callers only ask whether it matches, which the lazy automaton answers.
        .which_captures(WhichCaptures::None)
        .onepass(false);
    let regex = Regex::builder()
        .configure(config)
        .build_from_hir(&Hir::concat(whole.into()))
        .map_err(|error| match error.size_limit() {
            Some(limit) if limit < MAX_PATTERN_BYTES => together(),
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
        lookups,
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
        "is too large: compiled, it takes more than {} MiB, the limit for a pattern",
        MAX_PATTERN_BYTES >> 20
    )
}

fn together() -> String {
    format!(
        "is too large with the others: compiled, they take more than {} MiB, the limit for a \
         contract",
        MAX_CONTRACT_BYTES >> 20
    )
}

fn lookups_together() -> String {
    format!(
        "is too large with the others: their character classes, ignoring case, have more than \
         {MAX_CONTRACT_LOOKUPS} characters, the limit for a contract"
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
            "is not valid: unopened group, at character 2"
        );
        assert_eq!(
            refusal("\u{e9}("),
            "is not valid: unclosed group, at character 2"
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
        assert!(refusal(&"a".repeat(MAX_PATTERN_TEXT + 1)).contains("65537 bytes"));
        assert!(
            Patterns::of(1)
                .compile(&"a".repeat(MAX_PATTERN_TEXT))
                .is_ok()
        );
    }

    #[test]
    fn patterns_have_a_size_together() {
        let mut patterns = Patterns::of(2);
        patterns.bytes = MAX_CONTRACT_BYTES - (1 << 20);
        assert!(patterns.compile(r"[A-Z]{2}\w").is_ok());
        assert_eq!(patterns.compile(r"\w{1,50}").err().unwrap(), together());
        patterns.lookups = MAX_CONTRACT_LOOKUPS - 1_000;
        assert!(patterns.compile(r"(?i)[a-z]+").is_ok());
        let said = patterns.compile(r"(?i)[!-\x{10FFFF}]").err().unwrap();
        assert_eq!(said, lookups_together());
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
        let cache = PATTERN_CACHE.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(
            cache
                .as_ref()
                .is_some_and(|cache| cache.bytes <= MAX_CACHE_BYTES)
        );
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
