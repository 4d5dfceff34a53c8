//! What a template may use up: it is written by users and runs with every evaluation.

/// Bounds of one expansion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Nodes walked, commands run and iterations begun.
    pub steps: u64,
    /// Bytes of the result.
    pub output: usize,
    /// Bytes of all texts and lists that are made on the way.
    pub memory: usize,
    /// Lists, parentheses and templates that are open inside each other.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 1_000_000,
            output: 1 << 20,
            memory: 64 << 20,
            depth: 200,
        }
    }
}

/// What is left of the bounds.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    steps: u64,
    memory: usize,
}

impl Budget {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            steps: limits.steps,
            memory: limits.memory,
        }
    }

    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Takes steps.
    pub(crate) fn spend(&mut self, steps: u64) -> Result<(), String> {
        let left = self.steps.checked_sub(steps);
        self.steps = left.ok_or_else(|| format!("more than {} steps", self.limits.steps))?;
        Ok(())
    }

    /// Takes memory.
    pub(crate) fn allocate(&mut self, bytes: usize) -> Result<(), String> {
        let left = self.memory.checked_sub(bytes);
        self.memory = left.ok_or_else(|| self.out_of_memory())?;
        Ok(())
    }

    /// Most bytes that a text may still have.
    pub(crate) fn memory_left(&self) -> usize {
        self.memory
    }

    pub(crate) fn out_of_memory(&self) -> String {
        format!("more than {} bytes of text", self.limits.memory)
    }
}

/// Levels of lists and maps inside each other that functions build.
pub(crate) const MOST_VALUE_DEPTH: u16 = 100;
