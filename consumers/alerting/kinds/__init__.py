"""The kinds of rules, a module for what is alike: each a pure judgement of one event. `table` lists them all."""
