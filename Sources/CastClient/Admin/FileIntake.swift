package import CastAPI
package import CastCore
package import Foundation

/// Hands files in one after the other, each queued as soon as it is there: what is done when one fails stays done.
package struct FileIntake: Sendable {
    /// What came of one file or address.
    package struct Outcome: Sendable, Encodable, Equatable {
        /// The file's path, or the address.
        package var source: String
        package var episode: EpisodeMessage?
        /// Nil when it was not queued.
        package var job: JobID?
        /// Why it was left out; nil for one that was added.
        package var skipped: String?

        package init(source: String, episode: EpisodeMessage? = nil, job: JobID? = nil, skipped: String? = nil) {
            self.source = source
            self.episode = episode
            self.job = job
            self.skipped = skipped
        }

        package var sentence: String {
            if let skipped { return "Skipped \(self.source): \(skipped)" }
            let name = self.episode.map { "episode \($0.id), “\($0.title)”" } ?? self.source
            return "Added \(name)\(self.job == nil ? "." : ", and queued it.")"
        }
    }

    private let upload: @Sendable (URL) async throws -> EpisodeMessage
    private let queue: (@Sendable (EpisodeID) async throws -> JobID)?

    /// - Parameter queue: Nil to queue nothing.
    package init(
        upload: @escaping @Sendable (URL) async throws -> EpisodeMessage,
        queue: (@Sendable (EpisodeID) async throws -> JobID)?
    ) {
        self.upload = upload
        self.queue = queue
    }

    /// - Parameter onOutcome: Called after each file, before the next one begins.
    /// - Throws: The first failure, with the file's name and how far it went in its sentence.
    package func take(_ files: [URL], onOutcome: (Outcome) throws -> Void) async throws {
        var added = 0
        for (index, file) in files.enumerated() {
            let outcome: Outcome
            do {
                outcome = try await self.take(file)
            } catch let error as CancellationError {
                throw error
            } catch {
                let reason = (error as? CastError)?.message ?? "The file cannot be read."
                var sentence = "\(file.path): \(reason)"
                if files.count > 1 {
                    let left = files.count - index - 1
                    sentence +=
                        " Of \(files.count) files, \(added) were added before it and \(left) after it were not tried;"
                        + " the same command goes on with what is missing."
                }
                throw CastError((error as? CastError)?.code ?? .unavailable, sentence, cause: error)
            }
            if outcome.skipped == nil { added += 1 }
            try onOutcome(outcome)
        }
    }

    private func take(_ file: URL) async throws -> Outcome {
        let episode: EpisodeMessage
        do {
            episode = try await self.upload(file)
        } catch let error as CastError where error.code == .conflict {
            return Outcome(source: file.path, skipped: error.message)
        }
        guard let queue = self.queue else { return Outcome(source: file.path, episode: episode) }
        do {
            return Outcome(source: file.path, episode: episode, job: try await queue(episode.id))
        } catch let error as CastError {
            throw CastError(
                error.code, "It is there as episode \(episode.id), but was not queued: \(error.message)", cause: error)
        }
    }
}
