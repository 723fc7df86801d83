/// Dates and durations in every form.
extension OddFeed {
    /// 15:04:05 on 2 January 2024, in Greenwich.
    static let moment = "1704207845"

    static let times: [OddFeed] = {
        func dated(_ text: String, _ date: String = OddFeed.moment) -> OddFeed {
            OddFeed("the date “\(text)”", Self.rss(Self.item("<pubDate>\(text)</pubDate>")), ["date": date])
        }
        func lasting(_ text: String, _ seconds: String) -> OddFeed {
            OddFeed(
                "the duration “\(text)”", Self.rss(Self.item("<itunes:duration>\(text)</itunes:duration>")),
                ["seconds": seconds])
        }
        return [
            dated("Tue, 02 Jan 2024 15:04:05"), dated("Tue, 02 Jan 24 15:04:05 GMT"),
            dated("mardi 2 janvier 2024 15:04:05"), dated("Mar, 02 janv. 2024 15:04:05 +0000"),
            dated("martes, 2 de enero de 2024 15:04:05"), dated("Mar, 02 Gen 2024 15:04:05 +0000"),
            dated("ter, 02 jan 2024 12:04:05 -0300"), dated("di, 02 jan 2024 16:04:05 CET"),
            dated("Di, 02 Januar 2024 16:04:05 +0100"), dated("Вт, 02 янв 2024 18:04:05 MSK"),
            dated("lun, 01 déc. 2025 00:00:00 GMT", "1764547200"),
            dated("Mar, 05 mars 2024 00:00:00 GMT", "1709596800"),
            dated("Mi, 15 Mai 2024 00:00:00 GMT", "1715731200"), dated("vie, 02 ago 2024 00:00:00 GMT", "1722556800"),
            dated("lun. 1 juil. 2024 00:00:00 GMT", "1719792000"), dated("za, 02 mrt 2024 00:00:00 GMT", "1709337600"),
            dated("1704207845"), dated("1704207845000"), dated("2024-01-02 15:04:05"),
            dated("2024-01-02T15:04:05+0000"),
            dated("2024-01-02 15:04:05 UTC"), dated("02.01.2024 15:04:05"),
            dated("Thur, 04 Jan 2024 00:00:00 GMT", "1704326400"),
            dated("Tue, 02 Jan 2024 24:00:00 GMT", "1704240000"), dated("Tue, 02 Jan 2024 3:04:05 p.m."),
            dated("Fri, 31 Dec 2100 00:00:00 GMT", "4133894400"), dated("Tue, 32 Jan 2024 15:04:05 GMT", "none"),
            dated("02/01/2024", "none"), dated("0000-00-00 00:00:00", "none"), dated("soon", "none"), dated("", "none"),
            lasting("3723", "3723.0"), lasting("1:02:03", "3723.0"), lasting("62:03", "3723.0"),
            lasting("PT1H2M3S", "3723.0"), lasting("1 hr 2 min 3 sec", "3723.0"), lasting("3723.0", "3723.0"),
            lasting("00:00:00", "none"), lasting("--:--", "none"), lasting("unknown", "none"), lasting("-1", "none"),
            lasting("1e400", "none"), lasting("", "none"),
        ]
    }()
}
