import CastCore
import Foundation

/// Why a job that stands in the queue is not being done, in words.
enum QueueWait {
    /// What holds for all jobs of a kind.
    static func common(_ lane: QueuePageView.Lane, models: [String?]) -> String {
        if lane.pause != nil { return "They wait until this is resumed, in this order." }
        switch lane.kind {
        case .download, .transcriptDownload: return "They wait for their turn, in this order."
        case .transcribe:
            return models.isEmpty
                ? "They wait for a node: none is connected." : "They wait for the next free node, in this order."
        }
    }

    /// Why there is a second try, and of what; nil for a job that is none.
    static func secondTry(_ job: Job, _ secondTry: SecondTry?) -> String? {
        guard job.isSecondTry else { return nil }
        let reasons = (secondTry?.first.findings ?? []).map(\.reason)
        return reasons.isEmpty ? "Second try." : "Second try, since the transcript is doubtful: \(reasons[0])"
    }

    /// What holds for this one besides; nil when there is nothing.
    static func special(_ job: Job, models: [String?], now: Date) -> String? {
        guard case .queued(let notBefore) = job.state else { return nil }
        if notBefore > now {
            let pause = PageText.span(notBefore.timeIntervalSince(now))
            return job.error == nil
                ? "Put off for \(pause)." : "Failed; try \(job.attempts + 1) of \(job.maxAttempts) in \(pause)."
        }
        if let model = job.model {
            // A node that does not say what it has gets none of these.
            return models.contains(model)
                ? "Needs a node with the model \(model)." : "Needs a node with the model \(model); none is connected."
        }
        return nil
    }
}
