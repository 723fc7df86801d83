import CastCore
import CastStore
import Foundation
import HTTPTypes
import Hummingbird

/// An episode's page, and the form on it.
extension PageRoutes {
    @Sendable func episode(request: Request, context: AppContext) async throws -> HTML {
        let id: EpisodeID = try context.id("episode_id")
        let episode = try await self.parts.database.episodes.get(id)
        let feed = try await self.parts.database.feeds.get(episode.feedID)
        let job = try await self.parts.database.jobs.active(of: [id])[id]
        var node: String?
        if case .running(let lease) = job?.state, lease.holder != .server {
            node = try? await self.parts.database.nodes.get(lease.holder).name
        }
        // What a second try failed of is no problem of an episode that has its transcript.
        var problem = episode.error ?? (job?.isQueued == true && job?.isSecondTry == false ? job?.error : nil)
        var transcript: Transcript?
        if episode.transcriptPath != nil {
            do {
                transcript = try TranscriptShelf(storage: self.parts.storage).read(episode)
            } catch let error as CastError {
                problem = error.message
            }
        }
        let secondTry = try await self.parts.database.episodes.secondTries(of: [id])[id]
        return HTML(
            self.pages.episode(
                EpisodeView(
                    id: id, title: episode.title, feedID: feed.id, feedTitle: feed.displayTitle,
                    publishedAt: episode.publishedAt, duration: episode.duration, description: episode.description,
                    link: episode.link, state: episode.state, isQueued: job?.isQueued ?? false, percent: job?.percent,
                    node: node, problem: problem, hasAudio: episode.audioPath != nil, transcript: transcript,
                    secondTry: secondTry,
                    canTryAgain: try await self.parts.connectedModels().contains(secondTry?.model),
                    hasOther: self.hasOther(episode, secondTry),
                    attempts: try await self.parts.database.episodes.attempts(of: id).map(Self.attempt),
                    notice: request.queryString("notice")),
                now: self.parts.now()))
    }

    private func hasOther(_ episode: Episode, _ secondTry: SecondTry?) -> Bool {
        guard secondTry?.second != nil, let path = episode.transcriptPath else { return false }
        return self.parts.storage.exists(TranscriptIntake.otherPath(of: path))
    }

    private static func attempt(_ attempt: EpisodeStore.Attempt) -> EpisodeView.Attempt {
        let outcome: EpisodeView.Attempt.Outcome =
            switch attempt.outcome {
            case nil: .running
            case "completed": .completed
            case "failed": .failed
            case "expired": .expired
            default: .released
            }
        return EpisodeView.Attempt(
            kind: attempt.kind,
            node: attempt.nodeID == .server ? "this server" : attempt.nodeName ?? "a node that is gone",
            startedAt: attempt.startedAt, endedAt: attempt.endedAt, outcome: outcome, problem: attempt.error,
            isSecondTry: attempt.isSecondTry)
    }

    @Sendable func processEpisode(request: Request, context: AppContext) async throws -> Response {
        let id: EpisodeID = try context.id("episode_id")
        do {
            // The page offers it for an episode that has a transcript as well: “Transcribe again”.
            _ = try await self.parts.database.jobs.enqueueProcessing(
                of: id, self.parts.wish(again: true), at: self.parts.now())
            return Self.redirect(to: "/episodes/\(id)")
        } catch let error as CastError where error.code != .notFound {
            return Self.redirect(to: "/episodes/\(id)", notice: error.message)
        }
    }
}

extension Job {
    var isQueued: Bool {
        if case .queued = self.state { true } else { false }
    }

    /// How far a running job is; nil before it has begun.
    var percent: Int? {
        guard case .running(let lease) = self.state, lease.hasBegun else { return nil }
        return lease.progress
    }
}
