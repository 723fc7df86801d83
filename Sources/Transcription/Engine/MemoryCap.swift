package import Foundation

/// What a device's memory was seen to take at a time, in padded seconds of audio or in segments.
///
/// A batch that did not fit halves it. It is remembered for the device and the model, and the next process begins with
/// it. Memory may have been short for a while only (another program on the card), so once a day a process tries a quarter
/// more; if that does not fit, the old cap holds again, and if a batch of that size goes well, it is the new one.
package struct MemoryCap: Sendable, Equatable {
    /// What is kept of it.
    package struct Record: Codable, Sendable, Equatable {
        package var cap: Double
        package var learnedAt: Date

        package init(cap: Double, learnedAt: Date) {
            self.cap = cap
            self.learnedAt = learnedAt
        }
    }

    /// No batch may be larger; nil: nothing has been too large yet.
    package private(set) var current: Double?
    /// What to remember.
    package private(set) var record: Record?

    package init(_ record: Record? = nil, now: Date = .distantPast) {
        self.record = record
        guard let record else { return }
        self.current = now.timeIntervalSince(record.learnedAt) > 86_400 ? record.cap * 1.25 : record.cap
    }

    /// A batch of this size did not fit.
    ///
    /// - Parameter half: What is left of it when it is halved.
    package mutating func refuse(_ size: Double, half: Double, at now: Date) {
        let cap = if let known = self.record?.cap, known < size { known } else { half }
        // Answers to batches that were on their way already change nothing.
        guard cap < self.current ?? .infinity else { return }
        self.current = cap
        self.record = Record(cap: cap, learnedAt: now)
    }

    /// A batch of this size went well.
    ///
    /// - Returns: Whether there is something new to remember.
    package mutating func accept(_ size: Double, at now: Date) -> Bool {
        guard let known = self.record?.cap, size > known * 1.001 else { return false }
        self.record = Record(cap: size, learnedAt: now)
        self.current = max(self.current ?? size, size)
        return true
    }
}

/// The caps of this machine's devices and models, in one small file.
///
/// A file that cannot be read is as good as none, and one that cannot be written only costs the next process a batch.
package struct MemoryBook: Sendable {
    private let path: String

    package init(path: String) { self.path = path }

    package func record(for key: String) -> MemoryCap.Record? { self.records[key] }

    package func remember(_ record: MemoryCap.Record, for key: String) {
        var records = self.records
        records[key] = record
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        try? encoder.encode(records).write(to: URL(fileURLWithPath: self.path), options: .atomic)
    }

    private var records: [String: MemoryCap.Record] {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard let data = FileManager.default.contents(atPath: self.path) else { return [:] }
        return (try? decoder.decode([String: MemoryCap.Record].self, from: data)) ?? [:]
    }
}
