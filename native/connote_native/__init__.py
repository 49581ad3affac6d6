"""The compiled engine of connote (engine.so beside this file); `connote.runtime.backends.native` loads it."""
