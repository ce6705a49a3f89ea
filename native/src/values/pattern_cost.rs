//! What it takes to compile a pattern, estimated before it is compiled.

use regex_syntax::ast;

/// The number of all characters, more than any class has.
const ALL_CHARACTERS: u64 = 0x11_0000;

/// The bytes of a Unicode class before it is compiled.
const CLASS_BYTES: usize = 8 << 10;

/// The cost of translating a pattern.
#[derive(Default)]
pub struct PatternCost {
    /// The bytes of its classes.
    pub bytes: usize,
    /// Whether the pattern, or a part of it, ignores case.
    pub folds: bool,
    /// The characters whose other case is looked up.
    pub lookups: u64,
    /// The number of open brackets. A class is searched once for each bracket around it.
    pub depth: u64,
}

impl PatternCost {
    fn flags(&mut self, flags: &ast::Flags) {
        self.folds |= flags.flag_state(ast::Flag::CaseInsensitive) == Some(true);
    }

    fn class(&mut self) {
        self.bytes += CLASS_BYTES;
        self.lookups += ALL_CHARACTERS * self.depth.max(1);
    }
}

impl ast::Visitor for PatternCost {
    type Output = PatternCost;
    type Err = String;

    fn finish(self) -> Result<PatternCost, String> {
        Ok(self)
    }

    fn visit_pre(&mut self, ast: &ast::Ast) -> Result<(), String> {
        match ast {
            ast::Ast::Flags(set) => self.flags(&set.flags),
            ast::Ast::Group(group) => {
                if let Some(flags) = group.flags() {
                    self.flags(flags);
                }
            }
            ast::Ast::ClassUnicode(_) => self.class(),
            // These classes hold both cases already.
            ast::Ast::ClassPerl(class) => self.bytes += perl(class),
            ast::Ast::ClassBracketed(_) => self.depth += 1,
            _ => {}
        }
        Ok(())
    }

    fn visit_post(&mut self, ast: &ast::Ast) -> Result<(), String> {
        if matches!(ast, ast::Ast::ClassBracketed(_)) {
            self.depth -= 1;
        }
        Ok(())
    }

    fn visit_class_set_item_pre(&mut self, item: &ast::ClassSetItem) -> Result<(), String> {
        match item {
            ast::ClassSetItem::Range(range) => {
                let (start, end) = (u64::from(range.start.c), u64::from(range.end.c));
                self.lookups += (end + 1).saturating_sub(start) * self.depth;
            }
            ast::ClassSetItem::Unicode(_) => self.class(),
            ast::ClassSetItem::Perl(class) => {
                self.bytes += perl(class);
                self.lookups += ALL_CHARACTERS * self.depth;
            }
            ast::ClassSetItem::Bracketed(_) => self.depth += 1,
            _ => {}
        }
        Ok(())
    }

    fn visit_class_set_item_post(&mut self, item: &ast::ClassSetItem) -> Result<(), String> {
        if matches!(item, ast::ClassSetItem::Bracketed(_)) {
            self.depth -= 1;
        }
        Ok(())
    }

    fn visit_class_set_binary_op_pre(&mut self, _: &ast::ClassSetBinaryOp) -> Result<(), String> {
        // Both sides are searched.
        self.lookups += 2 * ALL_CHARACTERS;
        Ok(())
    }
}

fn perl(class: &ast::ClassPerl) -> usize {
    match class.kind {
        ast::ClassPerlKind::Word => CLASS_BYTES,
        ast::ClassPerlKind::Digit | ast::ClassPerlKind::Space => CLASS_BYTES / 8,
    }
}
