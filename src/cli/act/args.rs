//! The arguments of `act`, made from the registry of actions: each is a subcommand, each of its fields a flag.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};

use crate::actions::{self, ActionDef, FieldDef};
use crate::model::Fields;

/// `act`.
#[derive(Clone)]
pub struct ActArgs {
    /// The action.
    pub action: &'static ActionDef,
    /// Its fields, as far as they were given.
    pub fields: Fields,
    /// Carry it out.
    pub apply: bool,
    /// The text that the plan wants.
    pub confirm: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The ticket it is done for.
    pub ticket: Option<String>,
    /// Break a denying rule open that lets itself be.
    pub break_glass: bool,
    /// Don't wait until it is done.
    pub no_follow: bool,
}

/// A field that is the reason as well: the reason that the service is told is the one in the journal.
const REASON: &str = "reason";

fn flags(command: Command) -> Command {
    let heading = "Carrying it out";
    command.args([
        Arg::new("apply").long("apply").action(ArgAction::SetTrue).help("Carry the plan out").help_heading(heading),
        Arg::new("confirm")
            .long("confirm")
            .value_name("TEXT")
            .requires("apply")
            .help("The text that the plan wants (`confirm` in its JSON)")
            .help_heading(heading),
        Arg::new(REASON).long(REASON).value_name("WHY").help("Why, for the journal").help_heading(heading),
        Arg::new("ticket").long("ticket").value_name("ID").help("The ticket it is done for").help_heading(heading),
        Arg::new("break-glass")
            .long("break-glass")
            .action(ArgAction::SetTrue)
            .requires(REASON)
            .help("Break a denying rule open that lets itself be, which is journalled")
            .help_heading(heading),
        Arg::new("no-follow")
            .long("no-follow")
            .action(ArgAction::SetTrue)
            .help("Don't wait until it is done")
            .help_heading(heading),
    ])
}

fn flag(field: &'static FieldDef) -> Arg {
    Arg::new(field.id)
        .long(field.id)
        .value_name("VALUE")
        .required(field.required)
        .help(format!("{} (for example `{}`)", field.doc, field.example))
        .help_heading("Fields")
        .allow_hyphen_values(true)
}

fn subcommand(action: &'static ActionDef) -> Command {
    let fields = action.fields.iter().filter(|field| field.id != REASON).map(flag);
    let words = format!(
        "Risk in prod: {}\nUndo: {}\n\nFor example:\n  quarterdeck act {}",
        action.risk, action.undo, action.example
    );
    flags(Command::new(action.id).about(action.doc).after_help(words).args(fields))
}

impl Args for ActArgs {
    fn augment_args(command: Command) -> Command {
        command
            .subcommand_required(true)
            .subcommand_value_name("ACTION")
            .subcommand_help_heading("Actions")
            .arg_required_else_help(true)
            .disable_help_subcommand(true)
            .after_help(
                "Prints the plan; with --apply carries it out. Exactly one environment (-e).\n\
                 Exit status of a plan: 0 it could be applied, 3 a precondition or a policy forbids it, 2 it can't be told.\n\
                 With --apply: 0 done and verified (--no-follow: accepted), 1 failed, 3 forbidden or the target has moved, \
                 4 outcome unknown.",
            )
            .subcommands(actions::ALL.iter().copied().map(subcommand))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ActArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let missing = || clap::Error::raw(ErrorKind::MissingSubcommand, "an action is wanted\n");
        let (name, matches) = matches.subcommand().ok_or_else(missing)?;
        let action = actions::by_id(name).ok_or_else(missing)?;
        let text = |id: &str| matches.get_one::<String>(id).cloned();
        let given = action.fields.iter().filter_map(|field| Some((field.id, text(field.id)?)));
        Ok(Self {
            action,
            fields: given.collect(),
            apply: matches.get_flag("apply"),
            confirm: text("confirm"),
            reason: text(REASON),
            ticket: text("ticket"),
            break_glass: matches.get_flag("break-glass"),
            no_follow: matches.get_flag("no-follow"),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// The action's functions have nothing to show.
impl std::fmt::Debug for ActArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActArgs").field("action", &self.action.id).field("fields", &self.fields).finish_non_exhaustive()
    }
}
