//! A creator with a product, and buyers that are signed in: what every workload begins with.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::api::{Account, Answer, Api};
use crate::cluster::{Cluster, PATIENCE};
use crate::history::{Offer, Record};
use crate::wait;
use crate::workload::recorder::Recorder;

/// Sign-ins under way at one time: enough to keep the nodes busy, few enough not to wait in their queue.
const AT_ONE_TIME: usize = 16;

/// Between two tries of one buyer.
const BEFORE_ENTERING_AGAIN: Duration = Duration::from_millis(200);

/// Who sells what to whom. Clones share everything.
#[derive(Clone)]
pub struct Shop {
    pub api: Api,
    pub urls: Arc<Vec<String>>,
    pub buyers: Arc<Vec<Account>>,
    pub recorder: Recorder,
    pub creator: Account,
    product: String,
}

impl Shop {
    /// Registers a creator, a product and `buyers` buyers, through all nodes. `mark` keeps the names of one run apart
    /// from those of another on the same cluster.
    pub async fn open(cluster: &Cluster, mark: u64, buyers: usize) -> Result<Self> {
        let api = Api::new()?;
        let urls = Arc::new(cluster.urls().to_vec());
        let name = format!("creator-{mark}");
        api.register(&urls[0], &name, "creator").await?;
        let creator = api.sign_in(&urls[0], &name).await?;
        let product = api.product(&urls[0], &creator).await?;
        let names = (0..buyers).map(|number| format!("buyer-{mark}-{number}")).collect();
        let buyers = Arc::new(sign_in_all(&api, &urls, names, false).await?);
        Ok(Self { api, urls, buyers, recorder: Recorder::default(), creator, product })
    }

    /// The product of which drops are opened.
    pub fn product(&self) -> &str {
        &self.product
    }

    /// Renames the product, whatever it is called now. Gives what the node answered.
    pub async fn edit_product(&self, node: &str, name: &str) -> Result<Answer> {
        let (url, body) = (format!("{node}/v1/products/{}", self.product), serde_json::json!({ "name": name }));
        self.api.patch(&url, &self.creator, body).await
    }

    /// Signs everybody in again, before their tokens end.
    pub async fn sign_in_again(&mut self) -> Result<()> {
        self.sign_in_through(self.urls.clone()).await
    }

    /// As [`Shop::sign_in_again`], through one node only.
    pub async fn sign_in_again_at(&mut self, node: usize) -> Result<()> {
        self.sign_in_through(Arc::new(vec![self.urls[node - 1].clone()])).await
    }

    async fn sign_in_through(&mut self, urls: Arc<Vec<String>>) -> Result<()> {
        self.creator = self.api.sign_in(&urls[0], &self.creator.name).await?;
        let names = self.buyers.iter().map(|buyer| buyer.name.clone()).collect();
        self.buyers = Arc::new(sign_in_all(&self.api, &urls, names, true).await?);
        Ok(())
    }

    /// Opens a drop through the first node and writes the offer down.
    pub async fn open_drop(&self, stock: u64, per_customer_limit: u64) -> Result<String> {
        let drop_id =
            self.api.open_drop(&self.urls[0], &self.creator, &self.product, stock, per_customer_limit).await?;
        self.recorder.push(Record::Offer(Offer { drop_id: drop_id.clone(), stock, per_customer_limit }));
        Ok(drop_id)
    }
}

impl Shop {
    /// Opens a drop without a limit that holds units for so many seconds only.
    pub async fn open_short_drop(&self, stock: u64, hold_seconds: u64) -> Result<String> {
        let new = serde_json::json!({ "product_id": self.product, "stock": stock, "hold_seconds": hold_seconds });
        let answer = self.api.post(&format!("{}/v1/drops", self.urls[0]), Some(&self.creator), new).await?;
        anyhow::ensure!(answer.status == 201, "opening a drop: {} {}", answer.status, answer.body);
        Ok(answer.body["id"].as_str().unwrap_or_default().to_owned())
    }
}

/// Signs the named buyers in, a few at one time and each at the next node; registers them first unless they are
/// `registered` already.
async fn sign_in_all(api: &Api, urls: &Arc<Vec<String>>, names: Vec<String>, registered: bool) -> Result<Vec<Account>> {
    let names = Arc::new(names);
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = tokio::task::JoinSet::new();
    for _ in 0..AT_ONE_TIME.min(names.len()) {
        let (api, urls, names, next) = (api.clone(), urls.clone(), names.clone(), next.clone());
        workers.spawn(async move {
            let mut accounts = Vec::new();
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(name) = names.get(place) else {
                    return Ok::<_, anyhow::Error>(accounts);
                };
                let url = &urls[place % urls.len()];
                accounts.push(enter(&api, url, name, registered).await?);
            }
        });
    }
    let mut accounts = Vec::with_capacity(names.len());
    while let Some(worker) = workers.join_next().await {
        accounts.extend(worker??);
    }
    Ok(accounts)
}

/// Signs a buyer in, after an account was opened for them if they have none. One that was not acknowledged may be there
/// all the same, which the sign-in shows.
async fn enter(api: &Api, url: &str, name: &str, registered: bool) -> Result<Account> {
    let began = Instant::now();
    loop {
        let opened = if registered { Ok(()) } else { api.register(url, name, "buyer").await };
        match api.sign_in(url, name).await {
            Ok(account) => return Ok(account),
            Err(error) if began.elapsed() >= PATIENCE => return Err(opened.err().unwrap_or(error)),
            Err(_) => wait::pause(BEFORE_ENTERING_AGAIN).await,
        }
    }
}
