import CastCore
import CastServer
import CastTestSupport
import Foundation
import Testing

/// What is kept of what pods said.
struct PodLogTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private let pod: InstanceID

    init() throws { self.pod = try #require(InstanceID("a1b2")) }

    private func entries(_ texts: [String], at time: Date = Self.now) -> [PodLogEntry] {
        texts.map { PodLogEntry(at: time, source: "setup", text: $0) }
    }

    @Test func `the last lines come back in order, with their times and programs`() async throws {
        try await withTemporaryFolder { folder in
            let logs = PodLogs(folder: folder.appendingPathComponent("deep/pods"))
            #expect(logs.last(10, of: self.pod) == [] && !logs.holds(self.pod))
            try logs.add([], of: self.pod, since: Self.now)
            #expect(!logs.holds(self.pod))
            try logs.add(self.entries(["one", "two"]), of: self.pod, since: Self.now)
            try logs.add([PodLogEntry(at: Self.now + 5, source: "node", text: "three")], of: self.pod, since: Self.now)
            #expect(logs.holds(self.pod))
            #expect(logs.last(2, of: self.pod).map(\.text) == ["two", "three"])
            #expect(logs.last(10, of: self.pod).map(\.source) == ["setup", "setup", "node"])
            #expect(logs.last(1, of: self.pod)[0].at == Self.now + 5)
            // Another process, later.
            #expect(PodLogs(folder: folder.appendingPathComponent("deep/pods")).last(10, of: self.pod).count == 3)
            logs.remove(self.pod)
            #expect(logs.last(10, of: self.pod) == [] && !logs.holds(self.pod))
        }
    }

    @Test func `what a pod of the same name said before is not this one's`() async throws {
        try await withTemporaryFolder { folder in
            let logs = PodLogs(folder: folder)
            try logs.add(self.entries(["old"]), of: self.pod, since: Self.now)
            // The same pod, after a day: its lines stay.
            try logs.add(self.entries(["later"], at: Self.now + 86_400), of: self.pod, since: Self.now)
            #expect(logs.last(10, of: self.pod).map(\.text) == ["old", "later"])
            try logs.add(self.entries(["new"], at: Self.now + 200_000), of: self.pod, since: Self.now + 199_000)
            #expect(logs.last(10, of: self.pod).map(\.text) == ["new"])
        }
    }

    @Test func `a pod that talks for ever keeps its last words, within bounds`() async throws {
        try await withTemporaryFolder { folder in
            let logs = PodLogs(folder: folder)
            let line = String(repeating: "x", count: 1000)
            for turn in 0..<30 {
                try logs.add(self.entries((0..<100).map { "\(turn)-\($0) \(line)" }), of: self.pod, since: Self.now)
            }
            let sizes = try FileManager.default.contentsOfDirectory(atPath: folder.path).map {
                try Data(contentsOf: folder.appendingPathComponent($0)).count
            }
            #expect(sizes.count == 2)
            // A file is turned over before a message is added, and a message is 100 KB here.
            #expect(sizes.allSatisfy { $0 < PodLogs.largestFile + 110_000 })
            let last = logs.last(700, of: self.pod)
            #expect(last.count > 500 && last.last?.text.hasPrefix("29-99 ") == true)
            // Across both files without a gap.
            let numbers = last.compactMap { $0.text.split(separator: " ").first }
            let wanted = (0..<30).flatMap { turn in (0..<100).map { "\(turn)-\($0)" } }.suffix(last.count)
            #expect(numbers.map(String.init) == Array(wanted))
        }
    }

    @Test func `a line that a full disk cut off is left out, and the rest is read`() async throws {
        try await withTemporaryFolder { folder in
            let logs = PodLogs(folder: folder)
            try logs.add(self.entries(["one"]), of: self.pod, since: Self.now)
            let file = folder.appendingPathComponent("a1b2.log")
            var data = try Data(contentsOf: file)
            data.append(Data("2027-01-1\n\u{FFFD}\n".utf8))
            try data.write(to: file)
            try logs.add(self.entries(["two"]), of: self.pod, since: Self.now)
            #expect(logs.last(10, of: self.pod).map(\.text) == ["one", "two"])
        }
    }

    @Test func `old files go, and the oldest of too many`() async throws {
        try await withTemporaryFolder { folder in
            let logs = PodLogs(folder: folder)
            let names = (0..<(PodLogs.mostPods * 2 + 5)).map { "pod\($0).log" }
            for (number, name) in names.enumerated() {
                let file = folder.appendingPathComponent(name)
                try Data("x\n".utf8).write(to: file)
                try FileManager.default.setAttributes(
                    [.modificationDate: Self.now - Double(number)], ofItemAtPath: file.path)
            }
            logs.prune(now: Self.now)
            let left = Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
            #expect(left == Set(names.prefix(PodLogs.mostPods * 2)))
            logs.prune(now: Self.now + PodLogs.keptFor - 10)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 11)
        }
    }

    @Test func `a disk that is full is said to be`() async throws {
        try await withTemporaryFolder { folder in
            // A file where the folder should be.
            let place = folder.appendingPathComponent("pods")
            try Data().write(to: place)
            let error = #expect(throws: CastError.self) {
                try PodLogs(folder: place).add(self.entries(["one"]), of: self.pod, since: Self.now)
            }
            #expect(error?.code == .storageFull)
        }
    }
}
