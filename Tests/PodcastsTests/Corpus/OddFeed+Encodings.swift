import Foundation

/// Bytes that are not in the encoding that they claim.
extension OddFeed {
    static let encodings: [OddFeed] = {
        func cafe(_ encoding: String?, title: String = "Café") -> String {
            let head = encoding.map { "<?xml version=\"1.0\" encoding=\"\($0)\"?>" } ?? "<?xml version=\"1.0\"?>"
            return Self.rss(Self.item(title: "<title>\(title)</title>"), head: head)
        }
        func encoded(
            _ name: String, _ text: String, _ encoding: String.Encoding, before: [UInt8] = [],
            contentType: String? = nil, _ facts: [String: String] = ["first": "Café"]
        ) -> OddFeed {
            OddFeed(
                name, bytes: Data(before) + (text.data(using: encoding) ?? Data()), contentType: contentType,
                .taken(facts))
        }
        let quotes = ["first": "“Café”"]
        return [
            encoded("Latin 1 that says UTF-8", cafe("UTF-8"), .isoLatin1),
            encoded("Latin 1 that says nothing", cafe(nil), .isoLatin1),
            encoded(
                "Latin 1 that the header alone names", cafe(nil), .isoLatin1, contentType: "text/xml; charset=latin1"),
            encoded("Latin 1 that says so", cafe("iso-8859-1"), .isoLatin1),
            encoded(
                "windows-1252 that says Latin 1", cafe("ISO-8859-1", title: "“Café”"), .windowsCP1252, quotes),
            encoded("windows-1252 that says so", cafe("windows-1252", title: "“Café”"), .windowsCP1252, quotes),
            encoded("windows-1252 that says UTF-8", cafe("utf-8", title: "“Café”"), .windowsCP1252, quotes),
            encoded("UTF-8 that says Latin 1", cafe("ISO-8859-1"), .utf8),
            encoded("UTF-8 that says windows-1252", cafe("windows-1252"), .utf8),
            encoded("UTF-8 that says US-ASCII", cafe("US-ASCII"), .utf8),
            encoded("UTF-8 that says UTF-16", cafe("UTF-16"), .utf8),
            encoded("UTF-8 whose header says Latin 1", cafe(nil), .utf8, contentType: "text/xml; charset=iso-8859-1"),
            encoded("a byte order mark", cafe("UTF-8"), .utf8, before: [0xEF, 0xBB, 0xBF]),
            encoded("two byte order marks", cafe("UTF-8"), .utf8, before: [0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF]),
            encoded("a byte order mark against Latin 1", cafe("ISO-8859-1"), .utf8, before: [0xEF, 0xBB, 0xBF]),
            encoded("UTF-16, little end first", cafe("UTF-16"), .utf16LittleEndian, before: [0xFF, 0xFE]),
            encoded("UTF-16, big end first", cafe("UTF-16"), .utf16BigEndian, before: [0xFE, 0xFF]),
            encoded("UTF-16 that says UTF-8", cafe("UTF-8"), .utf16LittleEndian, before: [0xFF, 0xFE]),
            encoded("UTF-16 without a mark", cafe("UTF-16"), .utf16LittleEndian),
            encoded("an encoding that nobody knows", cafe("x-none"), .utf8),
            OddFeed(
                "Chinese in GB 2312",
                bytes: Data(cafe("gb2312", title: "~~").utf8)
                    .replacing(Data("~~".utf8), with: Data([0xB2, 0xA5, 0xBF, 0xCD])), .taken(["first": "播客"])),
            OddFeed(
                "Japanese in seven bits",
                bytes: Data(cafe("ISO-2022-JP", title: "~~").utf8)
                    .replacing(Data("~~".utf8), with: Data([0x1B, 0x24, 0x42, 0x24, 0x22, 0x1B, 0x28, 0x42])),
                .taken(["first": "あ"])),
            OddFeed(
                "Russian in KOI8-R",
                bytes: Data(cafe("KOI8-R", title: "~~").utf8)
                    .replacing(Data("~~".utf8), with: Data([0xDC, 0xC6, 0xC9, 0xD2])), .taken(["first": "эфир"])),
            OddFeed(
                "a trap in UTF-7", bytes: Data(cafe("UTF-7", title: "+ADw-?r?+AD4-One").utf8),
                .taken(["first": "+ADw-?r?+AD4-One"])),
            OddFeed(
                "one stray byte of Latin 1 among UTF-8",
                bytes: Data(cafe("UTF-8", title: "Café ~").utf8).replacing(Data("~".utf8), with: Data([0xFC])),
                .taken(["first": "Café ü"])),
        ]
    }()
}
