//! Charging, over workers that overtake each other.
