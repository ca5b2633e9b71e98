//! What a writer's closure holds: the connection inside a transaction, and what to do once it is committed.

use std::{cell::RefCell, ops::Deref};

use rusqlite::Connection;

pub(super) type Hook = Box<dyn FnOnce() + Send>;

/// Only the writer thread makes one, so whoever holds it may write.
pub struct Tx<'a> {
    connection: &'a Connection,
    hooks: RefCell<Vec<Hook>>,
}

impl<'a> Tx<'a> {
    pub(super) const fn new(connection: &'a Connection) -> Self {
        Self { connection, hooks: RefCell::new(Vec::new()) }
    }

    /// Runs `hook` on the writer thread after the commit, in the order of the writes; never when it fails. It must be
    /// quick: the next writers wait.
    pub fn on_commit(&self, hook: impl FnOnce() + Send + 'static) {
        self.hooks.borrow_mut().push(Box::new(hook));
    }

    pub(super) fn into_hooks(self) -> Vec<Hook> {
        self.hooks.into_inner()
    }
}

/// For commands that own the database alone.
pub fn alone<T, E: From<super::StoreError>>(
    connection: &mut Connection,
    work: impl FnOnce(&Tx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let transaction = connection.transaction().map_err(super::StoreError::from)?;
    let tx = Tx::new(&transaction);
    let result = work(&tx)?;
    let hooks = tx.into_hooks();
    transaction.commit().map_err(super::StoreError::from)?;
    for hook in hooks {
        hook();
    }
    Ok(result)
}

impl Deref for Tx<'_> {
    type Target = Connection;
    fn deref(&self) -> &Connection {
        self.connection
    }
}
