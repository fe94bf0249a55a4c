//! `account`

use clap::{Args, Subcommand, ValueEnum};
use livedrop_proto::rest::accounts::{Account, CreateAccount, PublicRole};
use livedrop_proto::rest::admin::AdminCreateAccount;

use super::ask;
use super::context::Context;
use super::trouble::{Doing, Exit, Stop};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Opens an account; one of role operator needs the token of an operator or of a node
    Create(Create),
    /// Shows the account that the commands act for
    Show,
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
