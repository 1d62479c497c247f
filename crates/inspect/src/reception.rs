//! The reception (受付): where many people send their forms at the same time.
//!
//! Making a transaction durable takes as long for one form as for a hundred. So whoever comes while a transaction is being
//! made durable waits for the next one, which takes all who are there by then. Everybody is answered only when the
//! transaction that holds their form is durable; a form that cannot be taken is refused alone.

use std::collections::VecDeque;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::{Actor, Timestamp};
use store::Store;
use tokio::sync::oneshot;

use crate::answer::Packed;
use crate::form::{self, Entry, Sent, Sheet};
use crate::{Error, ErrorKind};

/// The most forms that one transaction takes. It bounds how long everybody else who writes has to wait.
pub const GROUP_FORMS_MAX: usize = 256;
/// The most forms that wait; whoever comes then is asked to send again.
pub const WAITING_FORMS_MAX: usize = 8_192;

/// A form that somebody sends.
#[derive(Clone, Debug)]
pub struct Sending {
    /// Who sends it.
    pub actor: Actor,
    /// Which form it is.
    pub sheet: Sheet,
    /// What it says.
    pub answers: Packed,
    /// Its version: the one after the one that is kept.
    pub version: u64,
    /// When it came in.
    pub at: Timestamp,
}

/// Takes forms, those that come at the same time in one transaction. Cheap to clone; one is enough for a program, and
/// several do no harm.
#[derive(Clone, Debug)]
pub struct Reception {
    desk: Arc<Desk>,
}

#[derive(Debug)]
struct Desk {
    store: Store,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// Whether somebody is serving those who wait.
    is_served: bool,
}

type Answer = Result<Sent, Error>;

#[derive(Debug)]
struct Waiting {
    sending: Sending,
    answer: oneshot::Sender<Answer>,
}

impl Reception {
    /// A reception for the surveys of a database.
    pub fn new(store: &Store) -> Self {
        Self { desk: Arc::new(Desk { store: store.clone(), queue: Mutex::default() }) }
    }

    /// Takes a form as [`form::submit`] does. Whoever hangs up meanwhile has sent it all the same.
    pub async fn submit(&self, sending: Sending) -> Result<Sent, Error> {
        let (answer, told) = oneshot::channel();
        let is_served = {
            let mut queue = self.desk.queue();
            if queue.waiting.len() >= WAITING_FORMS_MAX {
                return Err(Error::SendAgain);
            }
            queue.waiting.push_back(Waiting { sending, answer });
            mem::replace(&mut queue.is_served, true)
        };
        if !is_served {
            tokio::spawn(serve(Serving { desk: self.desk.clone(), is_finished: false }));
        }
        told.await.unwrap_or(Err(Error::SendAgain))
    }
}

impl Desk {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        // Nothing is left half done while it is held.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those who are to be served next; `None` when nobody waits, and then nobody serves any more.
    fn next(&self) -> Option<Vec<Waiting>> {
        let mut queue = self.queue();
        let size = queue.waiting.len().min(GROUP_FORMS_MAX);
        queue.is_served = size > 0;
        queue.is_served.then(|| queue.waiting.drain(..size).collect())
    }
}

/// Somebody who serves. Should they fall over, those who wait are told so, and the next who comes is served again.
struct Serving {
    desk: Arc<Desk>,
    is_finished: bool,
}

impl Drop for Serving {
    fn drop(&mut self) {
        if !self.is_finished {
            *self.desk.queue() = Queue::default();
        }
    }
}

async fn serve(mut serving: Serving) {
    while let Some(group) = serving.desk.next() {
        enter(&serving.desk.store, group).await;
    }
    serving.is_finished = true;
}

/// Enters a group and answers everybody in it.
async fn enter(store: &Store, group: Vec<Waiting>) {
    match enter_together(store, &group).await {
        Ok(answers) => group.into_iter().zip(answers).for_each(|(one, answer)| one.tell(answer)),
        // The transaction is gone. Nobody is to fail for what somebody else met, so everybody gets one of their own.
        Err(_) => {
            for one in group {
                let Sending { actor, sheet, answers, version, at } = &one.sending;
                let answer = form::submit(store, actor, sheet, answers, *version, *at).await;
                one.tell(answer);
            }
        }
    }
}

impl Waiting {
    fn tell(self, answer: Answer) {
        // Whoever has hung up needs no answer.
        let _ = self.answer.send(answer);
    }
}

/// Enters all of them in one transaction: their answers once it is durable, or what broke the transaction.
async fn enter_together(store: &Store, group: &[Waiting]) -> Result<Vec<Answer>, Error> {
    let mut entry = Entry::begin(store).await?;
    let mut given = Vec::with_capacity(group.len());
    for one in group {
        let Sending { actor, sheet, answers, version, at } = &one.sending;
        let answer = entry.submit(actor, sheet, answers, *version, *at).await;
        match answer {
            // A refused form has written nothing; a failed statement may have broken the transaction.
            Err(error) if error.kind() == ErrorKind::Unavailable => return Err(error),
            answer => given.push(answer),
        }
    }
    entry.commit().await?;
    Ok(given)
}
