//! Texts that many hosts share, kept once: operating systems, versions, zones, crontabs.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use wire::cron::Crontab;

#[derive(Default)]
pub struct Words {
    texts: HashSet<Arc<str>>,
    crontabs: HashMap<Box<str>, Crontab>,
}

impl Words {
    pub fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = Arc::from(text);
        self.texts.insert(Arc::clone(&text));
        text
    }

    pub fn crontab(&mut self, cron: &Crontab) -> Crontab {
        if let Some(known) = self.crontabs.get(cron.as_str()) {
            return known.clone();
        }
        self.crontabs.insert(cron.as_str().into(), cron.clone());
        cron.clone()
    }
}
