import CastCore
import Foundation
import Testing

/// Lines that pods say of themselves: nobody knows who writes them.
struct PodLogEntryTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test(arguments: [
        ("plain", "plain"), ("a\tb", "a b"), ("\u{1B}[31mred\u{1B}[0m", "red"), ("\u{1B}]0;title\u{07}text", "text"),
        ("\u{1B}]8;;http://x\u{1B}\\link", "link"), ("nul\0 bell\u{07}", "nul bell"),
        ("\u{202E}backwards", "backwards"),
        ("a\u{2028}b", "ab"), ("Ärger 🎙", "Ärger 🎙"),
    ])
    func `nothing in a line moves a terminal's cursor`(text: String, clean: String) {
        #expect(PodLogEntry(at: Self.now, source: "setup", text: text).text == clean)
    }

    @Test func `long lines are cut, and of too many the first are left out`() {
        let long = PodLogEntry(at: Self.now, source: "setup", text: String(repeating: "x", count: 10_000))
        #expect(long.text.count == PodLogEntry.longest)
        let text = (0..<3000).map(String.init).joined(separator: "\r\n") + "\n\n"
        let lines = PodLogEntry.lines(of: text, source: "node", at: Self.now)
        #expect(lines.count == PodLogEntry.most)
        #expect(lines.first?.text == "1000" && lines.last?.text == "2999")
    }

    @Test(arguments: [("setup", "setup"), ("NODE", "node"), ("", "pod"), ("../../etc", "etc"), ("ü \n", "pod")])
    func `a program's name is a plain word`(source: String, word: String) {
        #expect(PodLogEntry(at: Self.now, source: source, text: "x").source == word)
        #expect(PodLogEntry.word(String(repeating: "a", count: 100)).count == 20)
    }

    @Test func `what is stored is read back, and what is none is not`() {
        let entry = PodLogEntry(at: Self.now, source: "node", text: "job claimed: 3 of  4")
        #expect(PodLogEntry(stored: Substring(entry.stored)) == entry)
        for text in ["", "no time setup text", "2027-01-15T08:00:00Z", "2027-01-15T08:00:00Z setup"] {
            #expect(PodLogEntry(stored: Substring(text)) == nil)
        }
    }
}
