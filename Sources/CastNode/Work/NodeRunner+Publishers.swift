import CastClient
import CastCore
import Foundation
import Logging
import Podcasts
import Synchronization

/// Audio from publishers, and the account of where audio came from.
extension NodeRunner {
    /// Tries to fetch a job's audio from its publisher; whatever goes wrong, the server has it too.
    ///
    /// - Returns: Whether the file is there.
    func fetchFromPublisher(_ job: NodeState.HeldJob, to file: URL) async -> Bool {
        guard let publishers = self.publishers, let source = job.source else { return false }
        let begun = self.uptime.now
        guard self.publisherHosts.withLock({ $0.allows(source.url, at: begun) }) else { return false }
        let received = Mutex<Int64>(0)
        do {
            try await self.cancellable(job.handle) {
                try await publishers.fetch(source, file) { bytes in
                    received.withLock { $0 += Int64(bytes) }
                    self.note(.worked)
                }
            }
            self.publisherHosts.withLock { $0.delivered(source.url) }
            self.fetchedAudio.withLock {
                $0.publisherFiles += 1
                $0.publisherBytes += source.size
            }
            self.logFetched(job, from: PublisherHosts.host(of: source.url) ?? "publisher", source.size, since: begun)
            return true
        } catch {
            let wasted = received.withLock { $0 }
            self.fetchedAudio.withLock { $0.wastedBytes += wasted }
            // Lost or stopped: nobody's fault.
            guard self.state.withLock({ $0.holds(job.handle) }), !Task.isCancelled else { return false }
            self.noteMiss(job, source, error)
            return false
        }
    }

    private func noteMiss(_ job: NodeState.HeldJob, _ source: AudioSource, _ error: any Error) {
        let differs = error is ExactDownload.Differs
        self.fetchedAudio.withLock { if differs { $0.differing += 1 } else { $0.failing += 1 } }
        let now = self.uptime.now
        var facts: Logger.Metadata = [
            "job.id": "\(job.handle.job)", "reason": "\((error as? CastError)?.message ?? "\(error)")",
        ]
        if let rest = self.publisherHosts.withLock({ $0.missed(source.url, at: now) }) {
            facts["host"] = "\(PublisherHosts.host(of: source.url) ?? "")"
            facts["host.rests"] = "\(rest.components.seconds) s"
        }
        self.logger.info("publisher's audio not used, fetching from the server", metadata: facts)
    }

    func logFetched(_ job: NodeState.HeldJob, from: String, _ bytes: Int64, since begun: Duration) {
        self.logger.info(
            "audio fetched",
            metadata: [
                "job.id": "\(job.handle.job)", "from": "\(from)", "bytes": "\(bytes)",
                "seconds": "\(StageLog.tenths((self.uptime.now - begun).inSeconds))",
            ])
    }
}
