package import CastCore
import CastStore
import Foundation
import Logging
import ServiceLifecycle

/// How a message gets to people; a test hands in its own.
package struct NoticePost: Sendable {
    /// Sends once; throws `.invalid` for what sending it again does not cure.
    package var send: @Sendable (Notice, _ topic: String, _ server: String) async throws -> Void

    package init(send: @escaping @Sendable (Notice, _ topic: String, _ server: String) async throws -> Void) {
        self.send = send
    }
}

/// Tells people by ntfy what the fleet's log says that they are to be told.
///
/// It reads the log as anybody else does: who writes it, above all the fleet's controller, never waits for a message.
/// What was sent is noted in the database, so that a restart repeats nothing; what happened while messages were off is
/// not told later.
package struct NoticeSender<Ticker: Clock<Duration>>: Service {
    let parts: ServerParts
    let clock: Ticker

    /// So often a message is tried, within about ten minutes; then it stands in the log only.
    private static var mostTries: Int { 7 }
    private static var backoff: Backoff { Backoff(first: .seconds(5), limit: .seconds(300)) }

    package init(parts: ServerParts, clock: Ticker) {
        self.parts = parts
        self.clock = clock
    }

    package func run() async throws {
        let news = self.parts.database.news.listen()
        await cancelWhenGracefulShutdown {
            await self.sendAll()
            for await _ in news { await self.sendAll() }
        }
    }

    /// Sends what is to be told and was not; harmless to repeat.
    func sendAll() async {
        do {
            while !Task.isCancelled {
                let (found, newest) = try await self.parts.database.notices.next()
                guard let event = found, var notice = event.notice, self.parts.noticeTopic != nil else {
                    return try await self.parts.database.notices.passOver(upTo: newest)
                }
                notice.link = self.parts.podsPage
                let wasSent = await self.deliver(notice)
                // Stopped in between, the next start tells it.
                if !wasSent, Task.isCancelled { return }
                try await self.parts.database.notices.finish(event, wasSent: wasSent, at: self.parts.now())
            }
        } catch {
            self.parts.logger.error("messages cannot be looked up", metadata: ["error": "\(error)"])
        }
    }

    /// - Returns: Whether it was taken; false when it was tried often enough or never will be.
    private func deliver(_ notice: Notice) async -> Bool {
        for tries in 1...Self.mostTries {
            do {
                try await self.parts.send(notice)
                return true
            } catch {
                guard !Task.isCancelled else { return false }
                let isHopeless = (error as? CastError)?.code == .invalid || tries == Self.mostTries
                self.parts.logger.log(
                    level: isHopeless ? .error : .warning, "a message was not sent",
                    metadata: ["message": "\(notice.text)", "error": "\(error)", "tries": "\(tries)"])
                if isHopeless { return false }
                guard
                    (try? await self.clock.sleep(
                        for: Self.backoff.wait(after: tries, jitter: .random(in: -1...1)))) != nil
                else { return false }
            }
        }
        return false
    }
}

extension ServerParts {
    /// Where messages go; nil when nobody wants any.
    var noticeTopic: String? {
        let configuration = self.configuration
        guard configuration.ntfyEnabled, !configuration.ntfyTopic.isEmpty, self.post != nil else { return nil }
        return configuration.ntfyTopic
    }

    /// The page of the pods, where people reach this server by a known address.
    var podsPage: String? {
        let address = self.configuration.publicURL
        return address.isEmpty ? nil : address + "/settings/runpod"
    }

    /// Sends a message, by the settings as they are now.
    ///
    /// - Throws: `.invalid` that says what to set when nobody would get it.
    func send(_ notice: Notice) async throws {
        guard let topic = self.noticeTopic, let post = self.post else {
            throw CastError(.invalid, "Messages are off. Set ntfy_enabled to true, and ntfy_topic to a topic of yours.")
        }
        try await post.send(notice, topic, self.configuration.ntfyURL)
    }

    /// - Returns: What was done, for a person.
    func sendTestMessage() async throws -> String {
        try await self.send(
            Notice(title: "cast2md", text: "This is a test: messages get through.", link: self.podsPage))
        return "A test message was sent to the topic “\(self.configuration.ntfyTopic)”."
    }
}
