// Package builtin holds the builtin values and functions, one record per file.
//
// Comes in: calls that fit a record's signature. Goes out: their types, their
// code, and what is done with the events they write. A record is plain data and
// functions without state.
package builtin
