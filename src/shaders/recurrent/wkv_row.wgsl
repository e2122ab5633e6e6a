// What a row of RWKV 7's time mix holds: seven parts of as many words as there are channels, by fours. Between the products and the
// recurrence three of them change their meaning, as wkv_inputs.wgsl says.
const DECAY = 0u;
const RATE = 1u;       // later: the unit key times the rate at which it is learned
const RESIDUAL = 2u;   // later: the unit key
const RECEPTANCE = 3u;
const KEY = 4u;
const VALUE = 5u;
const GATE = 6u;
