package import CastCore
package import Foundation
import Synchronization

/// What pods said, kept so that a pod that is gone can still be understood: a file a pod in the data folder.
///
/// Bounded in every direction: a file is turned over at half a megabyte, and the one before it is kept; after thirty days, or
/// when there are too many, it goes.
package final class PodLogs: Sendable {
    private let folder: URL
    private let lock = Mutex(())

    package static let largestFile = 512 * 1024
    static let mostPods = 300
    static let keptFor: TimeInterval = 30 * 86_400

    package init(folder: URL) { self.folder = folder }

    /// Adds lines.
    ///
    /// - Parameter since: When the pod was wanted: what is older is of another pod, which had the same name.
    package func add(_ lines: [PodLogEntry], of instance: InstanceID, since: Date) throws {
        guard !lines.isEmpty else { return }
        try self.lock.withLock { _ in
            let (now, before) = self.files(of: instance)
            let manager = FileManager.default
            // By the lines' own times, which are the server's; they are kept to the second.
            if let last = Self.lines(in: now, last: 1).last, last.at < since - 1 {
                try? manager.removeItem(at: now)
                try? manager.removeItem(at: before)
            }
            do {
                try manager.createDirectory(at: self.folder, withIntermediateDirectories: true)
                if Self.size(now) > Self.largestFile {
                    try? manager.removeItem(at: before)
                    try manager.moveItem(at: now, to: before)
                }
                if !manager.fileExists(atPath: now.path) { try Data().write(to: now) }
                let file = try FileHandle(forWritingTo: now)
                defer { try? file.close() }
                try file.seekToEnd()
                try file.write(contentsOf: Data(lines.map { $0.stored + "\n" }.joined().utf8))
            } catch {
                throw CastError(.storageFull, "The pod's log cannot be kept.", cause: error)
            }
        }
    }

    /// The last lines of a pod, oldest first; empty where nothing is kept.
    package func last(_ count: Int, of instance: InstanceID) -> [PodLogEntry] {
        let (now, before) = self.files(of: instance)
        return self.lock.withLock { _ in
            var lines = Self.lines(in: now, last: count)
            if lines.count < count { lines = Self.lines(in: before, last: count - lines.count) + lines }
            return lines
        }
    }

    package func holds(_ instance: InstanceID) -> Bool {
        FileManager.default.fileExists(atPath: self.files(of: instance).now.path)
    }

    package func remove(_ instance: InstanceID) {
        let (now, before) = self.files(of: instance)
        self.lock.withLock { _ in
            try? FileManager.default.removeItem(at: now)
            try? FileManager.default.removeItem(at: before)
        }
    }

    /// Removes what is old, and the oldest of too many.
    package func prune(now: Date) {
        self.lock.withLock { _ in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: self.folder.path)) ?? []
            let files = names.map { self.folder.appendingPathComponent($0) }
                .map { ($0, Self.changedAt($0) ?? .distantPast) }.sorted { $0.1 > $1.1 }
            for (index, (file, changed)) in files.enumerated()
            where index >= Self.mostPods * 2 || now.timeIntervalSince(changed) > Self.keptFor {
                try? FileManager.default.removeItem(at: file)
            }
        }
    }

    private func files(of instance: InstanceID) -> (now: URL, before: URL) {
        (
            self.folder.appendingPathComponent("\(instance.text).log"),
            self.folder.appendingPathComponent("\(instance.text).before.log")
        )
    }

    private static func lines(in file: URL, last count: Int) -> [PodLogEntry] {
        guard let data = FileManager.default.contents(atPath: file.path) else { return [] }
        return String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).suffix(count)
            .compactMap(PodLogEntry.init(stored:))
    }

    private static func size(_ file: URL) -> Int {
        ((try? FileManager.default.attributesOfItem(atPath: file.path))?[.size] as? Int) ?? 0
    }

    private static func changedAt(_ file: URL) -> Date? {
        (try? FileManager.default.attributesOfItem(atPath: file.path))?[.modificationDate] as? Date
    }
}
