//! Pipelines, commands and their operands.

use super::{Parsed, Parser, literal};
use crate::ast::{Chain, Command, Operand, OperandChain, Pipe, Quoted};
use crate::format;
use crate::lexer::ItemKind;

impl Parser<'_, '_> {
    /// Declarations and commands up to `end`.
    pub(super) fn pipeline(&mut self, context: &str, end: ItemKind) -> Parsed<Pipe> {
        let mut pipe = Pipe {
            pos: self.peek_non_space().pos,
            is_assignment: false,
            declarations: Vec::new(),
            commands: Vec::new(),
        };
        while self.declaration(&mut pipe, context)? {}
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => break,
                ItemKind::Bool
                | ItemKind::CharConstant
                | ItemKind::Complex
                | ItemKind::Dot
                | ItemKind::Field
                | ItemKind::Identifier
                | ItemKind::Number
                | ItemKind::Nil
                | ItemKind::RawString
                | ItemKind::String
                | ItemKind::Variable
                | ItemKind::LeftParen => {
                    self.tokens.back_up();
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return Err(self.unexpected(&token, context)),
            }
        }
        self.check(&pipe, context)?;
        Ok(pipe)
    }

    /// A variable that the pipeline sets. True if another may follow.
    fn declaration(&mut self, pipe: &mut Pipe, context: &str) -> Parsed<bool> {
        let variable = self.peek_non_space();
        if variable.kind != ItemKind::Variable {
            return Ok(false);
        }
        self.next();
        // Behind a variable there may be a space and then something that tells a declaration from
        // an argument.
        let after = self.peek().clone();
        let next = self.peek_non_space();
        let declares = matches!(next.kind, ItemKind::Assign | ItemKind::Declare);
        let lists = next.kind == ItemKind::Char && next.text == ",";
        if declares || lists {
            if declares {
                pipe.is_assignment = next.kind == ItemKind::Assign;
            }
            self.next_non_space();
            pipe.declarations.push(Chain {
                pos: variable.pos,
                names: variable.text.split('.').map(str::to_owned).collect(),
            });
            self.variables.push(variable.text.into_owned());
            if declares {
                return Ok(false);
            }
            if context == "range" && pipe.declarations.len() < 2 {
                return match self.peek_non_space().kind {
                    ItemKind::Variable | ItemKind::RightDelimiter | ItemKind::RightParen => {
                        Ok(true)
                    }
                    _ => Err(self.error("range can only initialize variables")),
                };
            }
            return Err(self.error(format!("too many declarations in {context}")));
        }
        match after.kind {
            ItemKind::Space => self.tokens.back_up_three(variable, after),
            _ => self.tokens.back_up_two(variable),
        }
        Ok(false)
    }

    fn check(&self, pipe: &Pipe, context: &str) -> Parsed<()> {
        if pipe.commands.is_empty() {
            return Err(self.error(format!("missing value for {context}")));
        }
        let mut later = pipe.commands.iter().enumerate().skip(1);
        let constant = later.find(|(_, command)| {
            let first = command.operands.first();
            first.is_some_and(Operand::is_constant)
        });
        match constant {
            Some((index, _)) => Err(self.error(format!(
                "non executable command in pipeline stage {}",
                index + 1
            ))),
            None => Ok(()),
        }
    }

    /// Operands with spaces between them.
    fn command(&mut self) -> Parsed<Command> {
        let mut command = Command {
            pos: self.peek_non_space().pos,
            operands: Vec::new(),
        };
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                command.operands.push(operand);
            }
            let token = self.next();
            match token.kind {
                ItemKind::Space => continue,
                ItemKind::RightDelimiter | ItemKind::RightParen => self.tokens.back_up(),
                ItemKind::Pipe => {}
                _ => return Err(self.unexpected(&token, "operand")),
            }
            break;
        }
        match command.operands.is_empty() {
            true => Err(self.error("empty command")),
            false => Ok(command),
        }
    }

    /// A term and the fields behind it. None if something else follows.
    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let Some(term) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != ItemKind::Field {
            return Ok(Some(term));
        }
        let pos = self.peek().pos;
        let mut fields = Vec::new();
        while self.peek().kind == ItemKind::Field {
            fields.push(self.next().text.trim_start_matches('.').to_owned());
        }
        Ok(Some(match term {
            Operand::Field(mut chain) => {
                chain.pos = pos;
                chain.names.extend(fields);
                Operand::Field(chain)
            }
            Operand::Variable(mut chain) => {
                chain.pos = pos;
                chain.names.extend(fields);
                Operand::Variable(chain)
            }
            term if term.is_constant() => {
                let shown = format::quoted(term.to_string().as_bytes());
                return Err(self.error(format!("unexpected . after term {shown}")));
            }
            operand => Operand::Chain(Box::new(OperandChain {
                pos,
                operand,
                fields,
            })),
        }))
    }

    fn term(&mut self) -> Parsed<Option<Operand>> {
        let token = self.next_non_space();
        let pos = token.pos;
        Ok(Some(match token.kind {
            ItemKind::Identifier => {
                if !self.shared.functions.has(&token.text) {
                    let shown = format::quoted(token.text.as_bytes());
                    return Err(self.error(format!("function {shown} not defined")));
                }
                let name = token.text.into_owned();
                Operand::Identifier { pos, name }
            }
            ItemKind::Dot => Operand::Dot(pos),
            ItemKind::Nil => Operand::Nil(pos),
            ItemKind::Variable => self.variable(pos, &token.text)?,
            ItemKind::Field => Operand::Field(Chain {
                pos,
                names: token.text.split('.').skip(1).map(str::to_owned).collect(),
            }),
            ItemKind::Bool => Operand::Bool {
                pos,
                value: token.text == "true",
            },
            ItemKind::CharConstant | ItemKind::Complex | ItemKind::Number => {
                let number = literal::number(pos, &token.text, token.kind);
                Operand::Number(Box::new(number.map_err(|error| self.error(error))?))
            }
            ItemKind::LeftParen => {
                self.descend()?;
                let pipe = self.pipeline("parenthesized pipeline", ItemKind::RightParen)?;
                self.shared.nesting -= 1;
                Operand::Pipe(Box::new(pipe))
            }
            ItemKind::String | ItemKind::RawString => {
                let value = literal::unquote(&token.text).map_err(|error| self.error(error))?;
                Operand::Text(Box::new(Quoted {
                    pos,
                    quoted: token.text.into_owned(),
                    value: value.into(),
                }))
            }
            _ => {
                self.tokens.back_up();
                return Ok(None);
            }
        }))
    }

    fn variable(&self, pos: usize, text: &str) -> Parsed<Operand> {
        let names: Vec<String> = text.split('.').map(str::to_owned).collect();
        let name = names.first().map_or("", String::as_str);
        if self.variables.iter().any(|known| known == name) {
            return Ok(Operand::Variable(Chain { pos, names }));
        }
        let shown = format::quoted(name.as_bytes());
        Err(self.error(format!("undefined variable {shown}")))
    }
}
