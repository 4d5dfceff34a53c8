//! How many queries are evaluated at once, and whose turn is next.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// A bounded number of places, and a queue before them in which the clients take turns: one that
/// asks a thousand questions at once does not keep the others waiting for all of them.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    shared: Arc<Shared>,
}

/// Who asks; none: not known.
pub(crate) type Client = Option<IpAddr>;

#[derive(Debug)]
struct Shared {
    places: usize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    /// Places that are taken.
    taken: usize,
    /// Questions that wait.
    waiting: usize,
    /// Clients with waiting questions, the one whose turn is next first.
    turns: VecDeque<Client>,
    questions: HashMap<Client, VecDeque<oneshot::Sender<Place>>>,
}

/// A place among the queries that are evaluated; free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    shared: Option<Arc<Shared>>,
}

/// Too many questions wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Admission {
    /// With this many places, at least one.
    pub(crate) fn new(places: usize) -> Self {
        let shared = Shared {
            places: places.max(1),
            queue: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Waits for a place. Whoever stops waiting loses their turn only.
    pub(crate) async fn enter(&self, client: Client) -> Result<Place, Full> {
        let turn = {
            let mut queue = self.shared.queue();
            if queue.taken < self.shared.places {
                queue.taken += 1;
                return Ok(self.shared.place());
            }
            if queue.waiting >= MOST_WAITING {
                return Err(Full);
            }
            queue.push(client)
        };
        turn.await.map_err(|_| Full)
    }
}

impl Shared {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(self: &Arc<Self>) -> Place {
        Place {
            shared: Some(Arc::clone(self)),
        }
    }

    /// Hands a place that has become free to the next who still waits.
    fn hand_on(self: &Arc<Self>) {
        loop {
            let mut queue = self.queue();
            let Some(next) = queue.pop() else {
                queue.taken -= 1;
                return;
            };
            drop(queue);
            match next.send(self.place()) {
                Ok(()) => return,
                // Nobody waits there any more: the place stays taken and goes to the next.
                Err(mut place) => place.shared = None,
            }
        }
    }
}

impl Queue {
    fn push(&mut self, client: Client) -> oneshot::Receiver<Place> {
        let (sender, receiver) = oneshot::channel();
        let questions = self.questions.entry(client).or_default();
        if questions.is_empty() {
            self.turns.push_back(client);
        }
        questions.push_back(sender);
        self.waiting += 1;
        receiver
    }

    /// The next question, of the client whose turn it is; who has more questions stands at the end
    /// then.
    fn pop(&mut self) -> Option<oneshot::Sender<Place>> {
        let client = self.turns.pop_front()?;
        let questions = self.questions.get_mut(&client)?;
        let question = questions.pop_front();
        if questions.is_empty() {
            self.questions.remove(&client);
        } else {
            self.turns.push_back(client);
        }
        self.waiting -= 1;
        question
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(shared) = self.shared.take() {
            shared.hand_on();
        }
    }
}

/// Questions that may wait. Each holds a connection and the text of a query; who comes later is
/// told at once to come again.
const MOST_WAITING: usize = 256;

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    type Entering = Pin<Box<dyn Future<Output = Result<Place, Full>>>>;

    fn asks(admission: &Admission, last_number: u8) -> Entering {
        let admission = admission.clone();
        let client = Some(IpAddr::from([10, 0, 0, last_number]));
        let mut entering: Entering = Box::pin(async move { admission.enter(client).await });
        let mut context = Context::from_waker(Waker::noop());
        assert!(entering.as_mut().poll(&mut context).is_pending());
        entering
    }

    fn outcome(entering: &mut Entering) -> Poll<Result<Place, Full>> {
        let mut context = Context::from_waker(Waker::noop());
        entering.as_mut().poll(&mut context)
    }

    fn first(admission: &Admission) -> Place {
        let admission = admission.clone();
        let mut entering: Entering = Box::pin(async move { admission.enter(None).await });
        match outcome(&mut entering) {
            Poll::Ready(Ok(place)) => place,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn clients_take_turns() {
        let admission = Admission::new(1);
        let mut place = first(&admission);
        let mut waiting: Vec<(u8, Entering)> = [1, 1, 1, 2, 3, 2]
            .map(|client| (client, asks(&admission, client)))
            .into_iter()
            .collect();
        let mut order = Vec::new();
        while !waiting.is_empty() {
            drop(place);
            let (index, next) = waiting
                .iter_mut()
                .enumerate()
                .find_map(|(index, (_, entering))| match outcome(entering) {
                    Poll::Ready(Ok(place)) => Some((index, place)),
                    _ => None,
                })
                .unwrap();
            order.push(waiting.remove(index).0);
            place = next;
        }
        assert_eq!(order, [1, 2, 3, 1, 2, 1]);
    }

    #[test]
    fn who_went_away_is_passed_over() {
        let admission = Admission::new(1);
        let place = first(&admission);
        let gone = asks(&admission, 1);
        let mut waits = asks(&admission, 2);
        drop(gone);
        drop(place);
        assert!(matches!(outcome(&mut waits), Poll::Ready(Ok(_))));
        drop(waits);
        drop(first(&admission));
        assert_eq!(admission.shared.queue().taken, 0);
    }

    #[test]
    fn a_place_that_came_too_late_goes_to_the_next() {
        let admission = Admission::new(1);
        let place = first(&admission);
        let late = asks(&admission, 1);
        let mut waits = asks(&admission, 2);
        drop(place);
        drop(late);
        assert!(matches!(outcome(&mut waits), Poll::Ready(Ok(_))));
    }

    #[test]
    fn the_queue_is_bounded() {
        let admission = Admission::new(1);
        let _place = first(&admission);
        let _waiting: Vec<Entering> = (0..MOST_WAITING).map(|_| asks(&admission, 1)).collect();
        let another = admission.clone();
        let mut entering: Entering = Box::pin(async move { another.enter(None).await });
        assert!(matches!(outcome(&mut entering), Poll::Ready(Err(Full))));
    }
}
