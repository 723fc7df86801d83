import CastCore
import CastTestSupport
import Foundation
import Testing

@testable import CastServer

/// What pods said, kept in files that are bounded in every direction.
struct PodLogsTests {
    static let start = Date(timeIntervalSince1970: 1_800_000_000)
    static let pod = InstanceID.draw(notIn: []) { 0xa3f2 }

    static func run(_ body: (PodLogs, URL) throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let own = folder.appendingPathComponent("pod-logs")
            try body(PodLogs(folder: own), own)
        }
    }

    static func entry(_ text: String, at second: Double = 0, source: String = "node") -> PodLogEntry {
        PodLogEntry(at: Self.start + second, source: source, text: text)
    }

    @Test func `lines are read as they were said, oldest first, up to as many as are asked for`() async throws {
        try await Self.run { logs, _ in
            #expect(logs.last(10, of: Self.pod).isEmpty && !logs.holds(Self.pod))
            try logs.add([], of: Self.pod, since: Self.start)
            #expect(!logs.holds(Self.pod))
            let said = [Self.entry("one"), Self.entry("two words", at: 1, source: "setup"), Self.entry("three", at: 2)]
            try logs.add(Array(said.prefix(2)), of: Self.pod, since: Self.start)
            try logs.add(Array(said.suffix(1)), of: Self.pod, since: Self.start)
            #expect(logs.holds(Self.pod))
            #expect(logs.last(10, of: Self.pod) == said && logs.last(2, of: Self.pod) == Array(said.suffix(2)))
            #expect(logs.last(0, of: Self.pod).isEmpty)
            let other = InstanceID.draw(notIn: []) { 0x0001 }
            #expect(logs.last(10, of: other).isEmpty)
            logs.remove(Self.pod)
            #expect(logs.last(10, of: Self.pod).isEmpty && !logs.holds(Self.pod))
        }
    }

    @Test func `a new pod with an old pod's name begins anew`() async throws {
        try await Self.run { logs, _ in
            try logs.add([Self.entry("old", at: 99)], of: Self.pod, since: Self.start)
            // Kept to the second: a line of the pod's own first second is not taken for another's.
            try logs.add([Self.entry("same", at: 101)], of: Self.pod, since: Self.start + 99.9)
            #expect(logs.last(10, of: Self.pod).map(\.text) == ["old", "same"])
            try logs.add([Self.entry("new", at: 200)], of: Self.pod, since: Self.start + 102.5)
            #expect(logs.last(10, of: Self.pod).map(\.text) == ["new"])
        }
    }

    @Test func `a file is turned over when it is full, and the one before it is kept`() async throws {
        try await Self.run { logs, folder in
            let size = PodLogs.largestFile
            let line = String(repeating: "x", count: 1000)
            var count = 0
            // Until it has been turned over twice.
            while count < 3 * size / 1000 {
                try logs.add((0..<100).map { Self.entry("\(count + $0) \(line)") }, of: Self.pod, since: Self.start)
                count += 100
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(names == ["a3f2.before.log", "a3f2.log"])
            for name in names {
                let path = folder.appendingPathComponent(name).path
                let bytes = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
                // It is turned over before lines are added, so that it can be larger by one call.
                #expect(bytes <= size + 110_000)
            }
            let kept = logs.last(count, of: Self.pod).compactMap {
                $0.text.split(separator: " ").first.flatMap { Int($0) }
            }
            #expect(kept == Array((count - kept.count)..<count) && kept.count < count && kept.count > size / 1100)
            // A pod of the same name takes nothing over, not even from the file before.
            try logs.add([Self.entry("new", at: 9000)], of: Self.pod, since: Self.start + 9000)
            #expect(logs.last(count, of: Self.pod).map(\.text) == ["new"])
        }
    }

    @Test func `a line that was cut off by a full disk is left out`() async throws {
        try await Self.run { logs, folder in
            try logs.add([Self.entry("one")], of: Self.pod, since: Self.start)
            let file = folder.appendingPathComponent("a3f2.log")
            var data = try Data(contentsOf: file)
            data.append(Data("2027-01-15T0".utf8))
            try data.write(to: file)
            #expect(logs.last(10, of: Self.pod).map(\.text) == ["one"])
        }
    }

    @Test func `a folder that cannot be made is told`() {
        let logs = PodLogs(folder: URL(fileURLWithPath: "/dev/null/pod-logs"))
        let error = #expect(throws: CastError.self) {
            try logs.add([Self.entry("one")], of: Self.pod, since: Self.start)
        }
        #expect(error?.code == .storageFull && error?.message == "The pod's log cannot be kept.")
        logs.prune(now: Self.start)
        logs.remove(Self.pod)
        #expect(logs.last(10, of: Self.pod).isEmpty)
    }

    @Test func `what is thirty days old goes, and the oldest of too many`() async throws {
        try await Self.run { logs, folder in
            let files = FileManager.default
            try files.createDirectory(at: folder, withIntermediateDirectories: true)
            func write(_ name: String, age: TimeInterval) throws {
                let file = folder.appendingPathComponent(name)
                try Data("x\n".utf8).write(to: file)
                try files.setAttributes([.modificationDate: Self.start - age], ofItemAtPath: file.path)
            }
            try write("0001.log", age: 30 * 86_400)
            try write("0002.log", age: 30 * 86_400 + 1)
            logs.prune(now: Self.start)
            #expect(try files.contentsOfDirectory(atPath: folder.path) == ["0001.log"])
            // Two files a pod.
            for number in 0..<(PodLogs.mostPods * 2) { try write("n\(number).log", age: Double(number)) }
            logs.prune(now: Self.start)
            let left = try files.contentsOfDirectory(atPath: folder.path)
            #expect(left.count == PodLogs.mostPods * 2 && !left.contains("0001.log"))
        }
    }

    static let texts: [(String, String)] = [
        ("plain", "plain"), ("\u{1B}[31mred\u{1B}[0m", "red"), ("\u{1B}]0;title\u{7}after", "after"),
        ("\u{1B}]0;title\u{1B}\\after", "after"), ("a\tb", "a b"), ("a\u{0}b\u{8}c\r", "abc"),
        ("a\u{200B}b\u{202E}c", "abc"), ("a\u{2028}b", "ab"), ("äöü 漢字 🎧", "äöü 漢字 🎧"),
        (String(repeating: "x", count: 2001), String(repeating: "x", count: 2000)),
    ]

    @Test(arguments: Self.texts) func `what moves a cursor or is not seen is taken out`(said: String, kept: String) {
        #expect(Self.entry(said).text == kept)
    }

    static let sources = [
        ("node", "node"), ("Setup-1", "setup-1"), ("", "pod"), ("../../x", "x"), ("ü ", "pod"), ("a b\nc", "abc"),
        ("abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnopqrst"),
    ]

    @Test(arguments: Self.sources) func `a source is a short plain word`(said: String, kept: String) {
        #expect(Self.entry("x", source: said).source == kept)
    }

    @Test func `a message is its last two thousand lines, without the empty ones`() {
        let lines = PodLogEntry.lines(of: "one\r\n\n\u{7}\ntwo\n", source: "node", at: Self.start)
        #expect(lines == [Self.entry("one"), Self.entry("two")])
        let many = (0..<2001).map { "\($0)" }.joined(separator: "\n")
        #expect(PodLogEntry.lines(of: many, source: "node", at: Self.start).map(\.text) == (1..<2001).map { "\($0)" })
    }

    @Test func `a line is stored in one line and read again`() {
        let entry = Self.entry("two  words ", source: "setup")
        #expect(entry.stored == "2027-01-15T08:00:00Z setup two  words ")
        #expect(PodLogEntry(stored: entry.stored[...]) == entry)
        for broken in ["", "2027-01-15T08:00:00Z", "2027-01-15T08:00:00Z setup", "yesterday setup x"] {
            #expect(PodLogEntry(stored: broken[...]) == nil, "\(broken)")
        }
    }
}
