//! From a program's text to a filter, and what is wrong with the text.

use jaq_core::{
    Compiler, Ctx, DataT, Lut, Vars,
    compile::{Filter, Undefined},
    data::HasLut,
    load::{self, Arena, File, Loader, lex, parse},
    native::Fun,
};

use super::{Problem, filters, meter, value::Value};
use crate::domain::text;

/// jaq's types for this use. Its data is the table of terms alone; that jaq asks for it at every step makes it the
/// place to look whether the filter has to end.
pub(super) struct Metered;

#[derive(Clone, Copy)]
pub(super) struct Data<'a>(&'a Lut<Metered>);

impl DataT for Metered {
    type V<'a> = Value;
    type Data<'a> = Data<'a>;
}

impl<'a> HasLut<'a, Metered> for Data<'a> {
    fn lut(&self) -> &'a Lut<Metered> {
        meter::step();
        self.0
    }
}

pub(super) struct Compiled(jaq_core::Filter<Metered>);

impl Compiled {
    /// The outputs over one input, as they are computed.
    pub(super) fn outputs(
        &self,
        input: Value,
    ) -> impl Iterator<Item = Result<Value, jaq_core::Exn<'_, Value>>> {
        let Filter { lut, id } = &self.0;
        let context = Ctx::new(Data(lut), Vars::new([Value::no_object()]));
        id.run::<Metered>((context, input))
    }
}

pub(super) fn compile(program: &str) -> Result<Compiled, Problem> {
    let definitions =
        jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs()).chain(filters::definitions());
    let arena = Arena::default();
    let modules = Loader::new(definitions)
        .load(&arena, File { code: program, path: () })
        .map_err(|errors| first(errors, |error| load_problem(program, error)))?;
    // Without this an imported variable would be taken for one that has a value.
    load::import(&modules, |_| Err("no files".to_owned()))
        .map_err(|errors| first(errors, |error| load_problem(program, error)))?;
    let functions: Vec<Fun<Metered>> = filters::all();
    Compiler::default()
        .with_funs(functions)
        .with_global_vars(["$ENV"])
        .compile(modules)
        .map(Compiled)
        .map_err(|errors| first(errors, |errors| errors.first().map(|error| undefined(program, error))))
}

fn first<S, E>(errors: load::Errors<S, (), E>, problem: impl Fn(E) -> Option<Problem>) -> Problem {
    let problem = errors.into_iter().find_map(|(_, error)| problem(error));
    problem.unwrap_or_else(|| Problem::plain("the filter can't be read"))
}

fn load_problem(program: &str, error: load::Error<&str>) -> Option<Problem> {
    Some(match error {
        load::Error::Io(errors) => {
            let (path, _) = errors.first()?;
            Problem { column: column(program, path), message: "a filter has no files to import".to_owned() }
        }
        load::Error::Lex(errors) => {
            let (expected, found) = errors.first()?;
            match expected {
                lex::Expect::Delim(open) => Problem {
                    column: column(program, open),
                    message: format!("there is no {} for {open}", expected.as_str()),
                },
                _ => expectation(program, expected.as_str(), found),
            }
        }
        load::Error::Parse(errors) => {
            let (expected, found): &parse::Error<&str> = errors.first()?;
            let expected = match expected {
                parse::Expect::Nothing => "the end",
                expected => expected.as_str(),
            };
            expectation(program, expected, found)
        }
    })
}

fn expectation(program: &str, expected: &str, found: &str) -> Problem {
    let message = match found.split_whitespace().next() {
        Some(word) => format!("expected {expected}, found {}", shown(word)),
        None => format!("expected {expected}, found the end"),
    };
    Problem { column: column(program, found), message }
}

fn undefined(program: &str, (name, kind): &(&str, Undefined)) -> Problem {
    let message = match kind {
        Undefined::Filter(_) if filters::WITHHELD.contains(name) => {
            format!("{name} is left out: a filter sees nothing but the value")
        }
        Undefined::Filter(0) => format!("there is no filter {}", shown(name)),
        Undefined::Filter(arguments) => {
            let plural = if *arguments == 1 { "" } else { "s" };
            format!("there is no filter {} with {arguments} argument{plural}", shown(name))
        }
        other => format!("there is no {} {}", other.as_str(), shown(name)),
    };
    Problem { column: column(program, name), message }
}

/// A piece of the program in a message.
fn shown(piece: &str) -> String {
    text::fit(&text::sanitise(piece), 30).into_owned()
}

/// The column of a piece of the program; `None` for a text from elsewhere.
fn column(program: &str, piece: &str) -> Option<usize> {
    let start = piece.as_ptr().addr().checked_sub(program.as_ptr().addr())?;
    Some(program.get(..start)?.chars().count() + 1)
}
