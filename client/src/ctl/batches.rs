//! Long lists from a file or from standard input: read a line at a time, sent in batches, a few of them at once.

use std::fs::File;
use std::io::{BufRead, BufReader, stdin};
use std::path::Path;

use futures_util::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};

use super::trouble::{Exit, Stop};

/// How many batches are on their way at once: more would only wait in the nodes.
const IN_FLIGHT: usize = 4;
/// The most bytes of lines in one batch, which with quotes and commas stay below the most that a node takes.
const BATCH_BYTES: usize = 40 * 1024;

/// What a list is read from, and how far that is.
pub struct Source {
    name: String,
    lines: Box<dyn BufRead>,
    bar: ProgressBar,
    line: u64,
}

struct Batch<T> {
    items: Vec<T>,
    bytes: u64,
}

impl Source {
    /// `-` is standard input.
    pub fn open(path: &Path) -> Result<Self, Stop> {
        if path.as_os_str() == "-" {
            let bar = ProgressBar::new_spinner().with_style(style("{spinner} {elapsed} {msg}"));
            let lines = Box::new(BufReader::new(stdin()));
            return Ok(Source { name: "standard input".to_owned(), lines, bar, line: 0 });
        }
        let unreadable = |error: std::io::Error| {
            let what = format!("{} cannot be read", path.display());
            Stop::trouble(Exit::Usage, what, error.to_string(), "name a file, or - for standard input")
        };
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        let bar = ProgressBar::new(length).with_style(style("{bar:40} {percent}% {elapsed} {msg}"));
        Ok(Source { name: path.display().to_string(), lines: Box::new(BufReader::new(file)), bar, line: 0 })
    }

    /// Reads each line with `read`, sends at most `most` of what comes of them at a time with `send`, and hands the
    /// answers to `add`, which says what the bar is to show. Empty lines are passed over.
    pub async fn send<T, R>(
        mut self,
        most: usize,
        read: impl Fn(&str) -> Result<T, String>,
        send: impl AsyncFn(Vec<T>) -> Result<R, Stop>,
        mut add: impl FnMut(R) -> String,
    ) -> Result<(), Stop> {
        let bar = self.bar.clone();
        let batches = std::iter::from_fn(|| self.batch(most, &read).transpose());
        let answers = stream::iter(batches).map(async |batch| {
            let Batch { items, bytes } = batch?;
            send(items).await.map(|answer| (answer, bytes))
        });
        let outcome = answers
            .buffer_unordered(IN_FLIGHT)
            .try_for_each(|(answer, bytes)| {
                bar.inc(bytes);
                bar.set_message(add(answer));
                std::future::ready(Ok(()))
            })
            .await;
        bar.finish_and_clear();
        outcome
    }

    /// The next lines, as many as fit into one batch; none at the end.
    fn batch<T>(&mut self, most: usize, read: &impl Fn(&str) -> Result<T, String>) -> Result<Option<Batch<T>>, Stop> {
        let mut batch = Batch { items: Vec::new(), bytes: 0 };
        let mut line = String::new();
        while batch.items.len() < most && batch.bytes < BATCH_BYTES as u64 {
            line.clear();
            let bytes = self.lines.read_line(&mut line).map_err(|error| self.trouble(error.to_string()))?;
            if bytes == 0 {
                break;
            }
            self.line += 1;
            batch.bytes += bytes as u64;
            if !line.trim().is_empty() {
                batch.items.push(read(line.trim()).map_err(|why| self.trouble(why))?);
            }
        }
        Ok(Some(batch).filter(|batch| batch.bytes > 0))
    }

    fn trouble(&self, why: String) -> Stop {
        let what = format!("line {} of {} cannot be read", self.line.max(1), self.name);
        Stop::trouble(Exit::Usage, what, why, "correct it and send it all again: what was sent before stays as it is")
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the templates are sound")
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn source(text: &'static str) -> Source {
        Source { name: "a text".to_owned(), lines: Box::new(text.as_bytes()), bar: ProgressBar::hidden(), line: 0 }
    }

    #[tokio::test]
    async fn every_line_is_sent_once_in_batches() {
        let sent = RefCell::new(Vec::new());
        let sizes = RefCell::new(Vec::new());
        let send = async |batch: Vec<u32>| {
            sizes.borrow_mut().push(batch.len());
            sent.borrow_mut().extend(batch);
            Ok(())
        };
        let read = |line: &str| line.parse().map_err(|_| "not a number".to_owned());
        let outcome = source("1\n2\n\n 3 \n4\n5").send(2, read, send, |()| String::new()).await;
        assert!(outcome.is_ok());
        sent.borrow_mut().sort();
        assert_eq!((sent.into_inner(), sizes.into_inner()), (vec![1, 2, 3, 4, 5], vec![2, 2, 1]));
    }

    #[tokio::test]
    async fn a_line_that_is_wrong_is_named() {
        let read = |line: &str| line.parse::<u32>().map_err(|_| "not a number".to_owned());
        let outcome = source("1\n\nx\n").send(9, read, async |_| Ok(()), |()| String::new()).await;
        let Err(Stop::Trouble(trouble)) = outcome else { panic!("{outcome:?}") };
        assert_eq!((trouble.exit, trouble.what.as_str()), (Exit::Usage, "line 3 of a text cannot be read"));
    }

    #[tokio::test]
    async fn long_lines_make_short_batches() {
        let line = "x".repeat(BATCH_BYTES / 2);
        let text: &'static str = Box::leak(format!("{line}\n{line}\n{line}\n").into_boxed_str());
        let sizes = RefCell::new(Vec::new());
        let send = async |batch: Vec<String>| {
            sizes.borrow_mut().push(batch.len());
            Ok(())
        };
        source(text).send(9, |line| Ok(line.to_owned()), send, |()| String::new()).await.expect("all can be read");
        assert_eq!(sizes.into_inner(), [2, 1]);
    }
}
