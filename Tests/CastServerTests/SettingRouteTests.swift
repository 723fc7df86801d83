import CastAPI
import CastCore
import CastServer
import CastStore
import CastTestSupport
import Foundation
import HTTPTypes
import Testing

@Suite struct SettingRouteTests {
    @Test func `a setting that is made counts at once, and outlives a restart`() async throws {
        try await ServerFixture.run { server in
            #expect(server.parts.configuration.feedRefreshMinutes == 60)
            let answer = try await server.send(
                .put, "/api/settings", #"{"settings":{"feed_refresh_minutes":"15","publisher_transcripts":false}}"#)
            #expect(answer.status == 200)
            #expect(server.parts.configuration.feedRefreshMinutes == 15)
            #expect(!server.parts.configuration.takesPublished)
            let settings = try await server.send(.get, "/api/settings").decode(SettingsResponse.self).settings
            #expect(settings["feed_refresh_minutes"]?.value == .int(15))
            #expect(settings["feed_refresh_minutes"]?.dbValue == "15")
            #expect(settings["feed_refresh_minutes"]?.source == "database")
            #expect(settings["fresh_days"]?.source == "default")
            let later = try SettingsKeeper(
                start: ServerConfiguration(dataPath: "x", environment: ["FEED_REFRESH_MINUTES": "30"]),
                database: server.parts.database)
            #expect(later.current.feedRefreshMinutes == 15)
            _ = try await server.send(.delete, "/api/settings/feed_refresh_minutes")
            #expect(server.parts.configuration.feedRefreshMinutes == 60)
        }
    }

    @Test(arguments: [
        (#"{"settings":{"feed_refresh_minutes":"soon"}}"#, 400, "FEED_REFRESH_MINUTES is “soon”"),
        (#"{"settings":{"lease_seconds":5}}"#, 400, "from 10 to 86400"),
        (#"{"settings":{"no_such_thing":"1"}}"#, 404, "There is no setting “no_such_thing”"),
        (#"{"settings":{"public_url":"ftp://x"}}"#, 400, "must be a web address"),
        (#"{"settings":{"fresh_days":[1]}}"#, 400, "must be text"),
        (#"{"settings":"x"}"#, 422, "valid dictionary"),
        (#"{}"#, 422, "Field required"),
    ])
    func `one that cannot be leaves all as it was`(body: String, status: Int, words: String) async throws {
        try await ServerFixture.run { server in
            let answer = try await server.send(.put, "/api/settings", body)
            #expect(answer.status == status)
            #expect(answer.text.contains(words))
            #expect(try await server.parts.database.settings.all().isEmpty)
        }
    }

    /// Values of settings that take only some.
    private static let other = [
        "runpod_scale_strategy": "backlog", "runpod_finish_by": "2030-01-01T00:00:00Z", "runpod_uplink_mbit": "50",
        "runpod_clouds": "secure", "runpod_min_cuda": "13.0", "runpod_max_price_per_hour": "0.50",
        "ntfy_topic": "my-topic", "node_audio_from_publisher": "all", "runpod_budget_per_hour": "1",
        "runpod_budget_per_day": "2", "runpod_budget_per_month": "3", "second_try_model": "large-v3",
        "runpod_worker_url": "https://example.org/cast2md#sha256=" + String(repeating: "0", count: 64),
    ]

    @Test func `every setting takes its variable, and each variable its setting`() throws {
        for setting in SettingCatalog.all {
            let text =
                switch setting.form {
                case .int(let range): String(range.upperBound)
                case .bool: setting.value(in: ServerConfiguration(dataPath: "x")) == .bool(true) ? "false" : "true"
                case .text, .address: Self.other[setting.name] ?? "https://example.org"
                }
            let standard = ServerConfiguration(dataPath: "x")
            let changed = try ServerConfiguration(dataPath: "x", environment: [setting.variable: text])
            #expect(setting.value(in: changed) != setting.value(in: standard), "\(setting.name)")
            #expect(!setting.label.isEmpty && setting.description.hasSuffix("."))
        }
        #expect(Set(SettingCatalog.all.map(\.name)).count == SettingCatalog.all.count)
    }

    @Test func `a stored value that is valid no more is left out and named`() async throws {
        let database = try Database(inMemory: ())
        try await database.settings.set(["lease_seconds": "x", "gone": "1", "fresh_days": "2"], at: Date())
        let keeper = try SettingsKeeper(start: ServerConfiguration(dataPath: "x"), database: database)
        #expect(keeper.dropped == ["gone", "lease_seconds"])
        #expect(keeper.current.freshDays == 2)
    }
}
