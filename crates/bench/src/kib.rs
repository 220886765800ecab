/// The number of KiB that a file of `/proc` gives on the line that begins with
/// `field`: `VmRSS:`, say.
pub fn kib(text: &str, field: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "Pss_Dirty:  7 kB\nPss:  140 kB\nName:  x\n";
        assert_eq!(kib(text, "Pss:"), Some(140));
        assert_eq!(kib(text, "Rss:"), None);
        assert_eq!(kib(text, "Name:"), None);
    }
}
