//! Reading functions.

use super::{Error, Session, convert};
use crate::domain::function::{Details, Function, State, Summary};

/// One page of ListFunctions.
#[derive(Debug)]
pub struct Page<T> {
    /// Its functions.
    pub items: Vec<T>,
    /// Where the next page begins; none after the last.
    pub next: Option<String>,
}

impl Session {
    /// One page of functions, as rows of a list.
    ///
    /// # Errors
    /// As every read.
    pub async fn list_functions(&self, marker: Option<String>) -> Result<Page<Summary>, Error> {
        let mut names = convert::Interner::default();
        self.functions_page(marker, |function| convert::summary(function, &mut names)).await
    }

    /// One page of functions with their whole configuration.
    ///
    /// # Errors
    /// As every read.
    pub async fn list_configurations(&self, marker: Option<String>) -> Result<Page<Function>, Error> {
        self.functions_page(marker, convert::function).await
    }

    async fn functions_page<T>(
        &self,
        marker: Option<String>,
        mut convert: impl FnMut(&aws_sdk_lambda::types::FunctionConfiguration) -> T,
    ) -> Result<Page<T>, Error> {
        let answer = self
            .lambda()
            .list_functions()
            .set_marker(marker)
            .send()
            .await
            .map_err(|error| self.read_error("list functions", &error))?;
        Ok(Page {
            items: answer.functions().iter().map(&mut convert).collect(),
            next: answer.next_marker().filter(|marker| !marker.is_empty()).map(str::to_owned),
        })
    }

    /// Everything that GetFunction tells.
    ///
    /// # Errors
    /// As every read; [`super::Kind::NotFound`] where there is no such function or qualifier.
    pub async fn get_function(&self, name: &str, qualifier: Option<&str>) -> Result<Details, Error> {
        let answer = self
            .lambda()
            .get_function()
            .function_name(name)
            .set_qualifier(qualifier.map(str::to_owned))
            .send()
            .await
            .map_err(|error| self.read_error(&format!("read the function {name}"), &error))?;
        Ok(convert::details(&answer))
    }

    /// A function's state. Waits for the control plane's budget; GetFunction has a rate of its own at AWS (100/s),
    /// unlike GetFunctionConfiguration, which shares 15/s with all others.
    ///
    /// # Errors
    /// As every read.
    pub async fn function_state(&self, name: &str) -> Result<State, Error> {
        self.states().acquire().await;
        Ok(self.get_function(name, None).await?.configuration.state)
    }

    /// A function as it is now, read within the control plane's budget: for watching a change, and for plans.
    ///
    /// # Errors
    /// As every read.
    pub async fn observe(&self, name: &str) -> Result<Details, Error> {
        self.control_plane().acquire().await;
        self.get_function(name, None).await
    }
}
