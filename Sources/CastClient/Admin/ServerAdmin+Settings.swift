package import CastAPI
import CastCore
import Foundation

/// Settings and events.
extension ServerAdmin {
    package func settings() async throws -> [String: SettingMessage] {
        try await self.client.get("/api/settings", as: SettingsResponse.self).settings
    }

    /// Sets settings, all or none; values are text, as a person writes them.
    package func setSettings(_ values: [String: String]) async throws -> MessageResponse {
        try await self.client.put(
            "/api/settings", UpdateSettingsRequest(settings: values.mapValues { .string($0) }), as: MessageResponse.self
        )
    }

    package func resetSetting(_ name: String) async throws -> MessageResponse {
        try await self.client.delete("/api/settings/\(CastClient.segment(name))", as: MessageResponse.self)
    }

    package func resetAllSettings() async throws -> MessageResponse {
        try await self.client.delete("/api/settings", as: MessageResponse.self)
    }

    /// What happened, newest first.
    package func events(limit: Int) async throws -> EventListResponse {
        try await self.client.get("/api/events/history?limit=\(limit)", as: EventListResponse.self)
    }

    /// What happens from now on, until the server ends the stream.
    ///
    /// - Parameter last: The last event that was seen; the stream begins after it.
    package func followEvents(
        after last: Int64?, onEvent: (EventMessage) async throws -> Void
    ) async throws {
        try await self.client.events("/api/events", after: last.map { String($0) }) { event in
            // Progress is not kept and has another form; it passes.
            guard event.id != nil else { return }
            guard let message = try? JSONDecoder().decode(EventMessage.self, from: Data(event.data.utf8)) else {
                return
            }
            try await onEvent(message)
        }
    }
}
