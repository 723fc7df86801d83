import CastClient
package import CastCore
package import Foundation

/// What a node that is killed finds again at its next start: the jobs that it held, and how far each was.
///
/// The recogniser writes its own file for each job; the folder only knows their names.
package struct CheckpointFolder: Sendable {
    /// A job as it is written down.
    private struct Note: Codable {
        var handle: JobHandle
        var title: String?
        var language: String?
        var audioPath: String
        var seconds: Double?
        var source: AudioSource?
    }

    private let folder: URL
    /// Older ones are of no use: their jobs were done by others long ago.
    private static let age: TimeInterval = 7 * 86_400

    package init(folder: URL) { self.folder = folder }

    private var heldFile: URL { self.folder.appendingPathComponent("held.json") }

    /// Where the recogniser keeps what it has of a job.
    package func file(of job: JobID) -> URL { self.folder.appendingPathComponent("\(job).jsonl") }

    /// The job is finished, or will never be.
    package func remove(_ job: JobID) { try? FileManager.default.removeItem(at: self.file(of: job)) }

    /// Notes which jobs are held; best effort, since without it the server takes them back after a minute.
    package func save(_ jobs: [NodeState.HeldJob]) {
        let notes = jobs.map {
            Note(
                handle: $0.handle, title: $0.title, language: $0.language, audioPath: $0.audioPath,
                seconds: $0.seconds, source: $0.source)
        }
        do {
            try FileManager.default.createDirectory(
                at: self.folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try DurableFile.write(try JSONEncoder().encode(notes), to: self.heldFile, mode: 0o600)
        } catch {
            // A note that is out of date is worse than none.
            try? FileManager.default.removeItem(at: self.heldFile)
        }
    }

    /// The jobs that an earlier run held when it ended without a farewell.
    package func load() -> [NodeState.HeldJob] {
        self.prune(now: Date())
        guard let data = try? Data(contentsOf: self.heldFile),
            let notes = try? JSONDecoder().decode([Note].self, from: data)
        else { return [] }
        return notes.map {
            NodeState.HeldJob(
                handle: $0.handle, title: $0.title, language: $0.language, audioPath: $0.audioPath,
                seconds: $0.seconds, source: $0.source, stage: .fetching)
        }
    }

    /// Removes what is too old to be of use, and what a kill left under a temporary name.
    func prune(now: Date) {
        let key = URLResourceKey.contentModificationDateKey
        let files = try? FileManager.default.contentsOfDirectory(at: self.folder, includingPropertiesForKeys: [key])
        for file in files ?? [] {
            let date = (try? file.resourceValues(forKeys: [key]).contentModificationDate) ?? now
            guard now.timeIntervalSince(date) > Self.age || file.pathExtension == "tmp" else { continue }
            try? FileManager.default.removeItem(at: file)
        }
    }
}
