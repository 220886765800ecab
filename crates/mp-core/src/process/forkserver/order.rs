//! What client and server say to each other.

/// The message that asks for a child. With it comes the child's socket.
pub(super) const ORDER: &[u8] = b"C";
