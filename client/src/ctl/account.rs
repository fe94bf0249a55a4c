//! `account`

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use livedrop_proto::rest::accounts::{Account, CreateAccount, PublicRole};
use livedrop_proto::rest::admin::{AdminCreateAccount, IMPORT_MAX, ImportAccounts, ImportedAccount, ImportedAccounts};

use super::ask;
use super::batches::Source;
use super::context::Context;
use super::trouble::{Doing, Exit, Stop};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Opens an account; one of role operator needs the token of an operator or of a node
    Create(Create),
    /// Shows the account that the commands act for
    Show,
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

pub async fn run(context: &Context, command: Command) -> Result<Exit, Stop> {
    let account = match command {
        Command::Create(wanted) => create(context, wanted).await?,
        Command::Import { file } => return import(context, &file).await,
        Command::Show => context.signed_in("the account cannot be read", async |client| client.me().await).await?,
    };
    show(context, &account)?;
    Ok(Exit::Ok)
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
            let role = livedrop_proto::rest::accounts::Role::Operator;
            let body = AdminCreateAccount { email, password, display_name, role };
            return context.signed_in(&what, async |client| client.create_any_account(&body).await).await;
        }
    };
    context.client.create_account(&CreateAccount { email, password, display_name, role }).await.doing(what)
}

async fn import(context: &Context, file: &Path) -> Result<Exit, Stop> {
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
    context.output.record(&sum, vec![("added", sum.added.to_string()), ("taken", sum.taken.to_string())])?;
    Ok(Exit::Ok)
}

pub fn show(context: &Context, account: &Account) -> Result<(), Stop> {
    let role = format!("{:?}", account.role).to_lowercase();
    let fields = vec![
        ("id", account.id.clone()),
        ("email", account.email.clone()),
        ("display name", account.display_name.clone()),
        ("role", role),
        ("created at", account.created_at.clone()),
    ];
    Ok(context.output.record(account, fields)?)
}
