//! `account`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use livedrop_proto::rest;
use livedrop_proto::rest::accounts::{Account, CreateAccount, PublicRole};
use livedrop_proto::rest::admin::{
    AdminAccount, AdminCreateAccount, IMPORT_MAX, ImportAccounts, ImportedAccount, ImportedAccounts,
};
use livedrop_proto::rest::list::Page;

use super::ask;
use super::batches::Source;
use super::context::Context;
use super::output::note;
use super::product::{PageFlags, tell_of_more};
use super::trouble::{Doing, Exit, Stop};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Opens an account; one of role operator needs the token of an operator or of a node
    Create(Create),
    /// Shows the account that the commands act for, or any other (operators)
    Show {
        /// The account; the own one when absent
        id: Option<String>,
    },
    /// Lists all accounts, oldest first (operators)
    List(PageFlags),
    /// Keeps an account from signing in and from doing anything; its drops and orders stay (operators)
    Disable { id: String },
    /// Lets a disabled account sign in again (operators)
    Enable { id: String },
    /// Says what an account may do from now on, and ends its sessions (operators)
    Role { id: String, role: Role },
    /// Gives an account another password, which is asked for or read from standard input, and ends its sessions
    /// (operators); without an id, changes the own one, asking for the old one first
    Password { id: Option<String> },
    /// Ends all sessions of an account (operators); without an id, of the own one
    SignOut { id: Option<String> },
    /// Brings accounts that were opened elsewhere; repeating it changes nothing (operators)
    Import {
        /// One account a line, as JSON: {"id"?, "email", "display_name", "role", "password_hash"?}; - is standard input
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct Create {
    /// Its address
    #[arg(long)]
    email: String,
    /// What others see; the address up to the @ when absent
    #[arg(long)]
    display_name: Option<String>,
    /// What it may do
    #[arg(long, default_value = "buyer")]
    role: Role,
    /// Its password; asked for when absent, which keeps it out of the list of processes
    #[arg(long, env = "LIVEDROPCTL_PASSWORD", hide_env_values = true)]
    password: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    Buyer,
    Creator,
    Operator,
}

impl From<Role> for rest::accounts::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Buyer => rest::accounts::Role::Buyer,
            Role::Creator => rest::accounts::Role::Creator,
            Role::Operator => rest::accounts::Role::Operator,
        }
    }
}

pub async fn run(context: &Context, command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Create(wanted) => show(context, &create(context, wanted).await?)?,
        Command::Show { id: None } => {
            let what = "the account cannot be read";
            show(context, &context.signed_in(what, async |client| client.me().await).await?)?;
        }
        Command::Show { id: Some(id) } => {
            let what = format!("the account {id} cannot be read");
            show_any(context, &context.signed_in(&what, async |client| client.account(&id).await).await?)?;
        }
        Command::Import { file } => import(context, &file).await?,
        Command::List(page) => list(context, page).await?,
        Command::Disable { id } => set_disabled(context, &id, true).await?,
        Command::Enable { id } => set_disabled(context, &id, false).await?,
        Command::Role { id, role } => {
            let (what, role) = (format!("the role of {id} cannot be changed"), role.into());
            show_any(context, &context.signed_in(&what, async |client| client.set_role(&id, role).await).await?)?;
        }
        Command::Password { id } => password(context, id).await?,
        Command::SignOut { id: None } => {
            let what = "the sessions cannot be ended";
            context.signed_in(what, async |client| client.sign_out_everywhere().await).await?;
        }
        Command::SignOut { id: Some(id) } => {
            let what = format!("the sessions of {id} cannot be ended");
            context.signed_in(&what, async |client| client.sign_out_account(&id).await).await?;
        }
    }
    Ok(Exit::Ok)
}

async fn list(context: &Context, page: PageFlags) -> Result<(), Stop> {
    let page = Page { limit: Some(page.limit), cursor: page.cursor, consistency: None };
    let what = "the accounts cannot be listed";
    let list = context.signed_in(what, async |client| client.accounts(&page).await).await?;
    let row = |one: &AdminAccount| {
        let disabled = one.disabled_at.clone().unwrap_or_else(|| "-".to_owned());
        vec![one.id.clone(), role_word(one.role), one.email.clone(), one.display_name.clone(), disabled]
    };
    let rows = list.items.iter().map(row).collect();
    context.output.list(&list, &["ACCOUNT", "ROLE", "EMAIL", "NAME", "DISABLED"], rows)?;
    tell_of_more(list.next_cursor.as_deref());
    Ok(())
}

async fn set_disabled(context: &Context, id: &str, disabled: bool) -> Result<(), Stop> {
    let what = format!("the account {id} cannot be {}", if disabled { "disabled" } else { "enabled" });
    let account = context.signed_in(&what, async |client| client.set_disabled(id, disabled).await).await?;
    show_any(context, &account)
}

async fn password(context: &Context, id: Option<String>) -> Result<(), Stop> {
    match id {
        Some(id) => {
            let (what, new) = (format!("the password of {id} cannot be changed"), ask::password(None)?);
            context.signed_in(&what, async |client| client.set_password(&id, &new).await).await
        }
        None => {
            note("First the old one, then the new one.");
            let (old, new) = (ask::password(None)?, ask::password(None)?);
            let what = "the password cannot be changed";
            context.signed_in(what, async |client| client.change_password(&old, &new).await).await
        }
    }
}

async fn create(context: &Context, wanted: Create) -> Result<Account, Stop> {
    let Create { email, display_name, role, password } = wanted;
    let password = ask::password(password)?;
    let display_name = display_name.unwrap_or_else(|| email.split('@').next().unwrap_or(&email).to_owned());
    let what = format!("the account {email} cannot be opened");
    let role = match role {
        Role::Buyer => PublicRole::Buyer,
        Role::Creator => PublicRole::Creator,
        Role::Operator => {
            let role = role.into();
            let body = AdminCreateAccount { email, password, display_name, role };
            return context.signed_in(&what, async |client| client.create_any_account(&body).await).await;
        }
    };
    context.client.create_account(&CreateAccount { email, password, display_name, role }).await.doing(what)
}

async fn import(context: &Context, file: &Path) -> Result<(), Stop> {
    let send = async |accounts: Vec<ImportedAccount>| {
        let import = ImportAccounts { accounts };
        context.signed_in("the accounts cannot be imported", async |client| client.import_accounts(&import).await).await
    };
    let mut sum = ImportedAccounts::default();
    let add = |part: ImportedAccounts| {
        sum.added += part.added;
        sum.taken += part.taken;
        format!("{} added, {} taken", sum.added, sum.taken)
    };
    let read = |line: &str| serde_json::from_str(line).map_err(|error| error.to_string());
    Source::open(file)?.send(IMPORT_MAX, read, send, add).await?;
    let fields = vec![("added", sum.added.to_string()), ("taken", sum.taken.to_string())];
    Ok(context.output.record(&sum, fields)?)
}

pub fn show(context: &Context, account: &Account) -> Result<(), Stop> {
    let fields = vec![
        ("id", account.id.clone()),
        ("email", account.email.clone()),
        ("display name", account.display_name.clone()),
        ("role", role_word(account.role)),
        ("created at", account.created_at.clone()),
    ];
    Ok(context.output.record(account, fields)?)
}

fn show_any(context: &Context, account: &AdminAccount) -> Result<(), Stop> {
    let fields = vec![
        ("id", account.id.clone()),
        ("email", account.email.clone()),
        ("display name", account.display_name.clone()),
        ("role", role_word(account.role)),
        ("created at", account.created_at.clone()),
        ("disabled at", account.disabled_at.clone().unwrap_or_else(|| "-".to_owned())),
    ];
    Ok(context.output.record(account, fields)?)
}

fn role_word(role: rest::accounts::Role) -> String {
    format!("{role:?}").to_lowercase()
}
