import CastAPI
import CastCore
import CastServer
import CastStore
import Foundation
import HTTPTypes
import PodFleet
import Testing

@Suite struct PodsFormTests {
    private static let page = "/settings/runpod"

    /// Posts a form, follows where it leads, and answers the page.
    private func post(_ server: ServerFixture, _ path: String, _ body: String) async throws -> String {
        let answer = try await server.send(.post, Self.page + path, body)
        #expect(answer.status == 303)
        return try await server.send(.get, try #require(answer.headers[.location])).text
    }

    @Test func `pods are switched on and off, and created persistent or not`() async throws {
        let pods = ScriptedPods()
        try await ServerFixture.run(pods, settings: ["RUNPOD_ENABLED": "false"]) { server in
            var html = try await server.send(.get, Self.page).text
            #expect(html.contains("id=\"create-pod\" disabled aria-describedby=\"obstacle\""))
            #expect(html.contains("No pod can be created: RunPod not enabled."))
            #expect(try await self.post(server, "/pods", "").contains("RunPod not enabled. Set RUNPOD_ENABLED=true"))
            html = try await self.post(server, "/enabled", "enabled=true")
            #expect(html.contains("Pods are switched on.") && !html.contains("create-pod\" disabled"))
            #expect(server.parts.configuration.fleet.isEnabled)
            #expect(html.contains("Default: off · set here."))
            html = try await self.post(server, "/pods", "persistent=true")
            #expect(html.contains("is being created."))
            html = try await self.post(server, "/pods", "")
            await server.parts.fleet?.turn()
            let made = try await server.parts.database.fleet.books(at: server.time.now).openPods
            #expect(Set(made.map(\.isPersistent)) == [true, false] && pods.ids.count == 2)
            _ = try await self.post(server, "/enabled", "enabled=false")
            #expect(!server.parts.configuration.fleet.isEnabled)
        }
    }

    @Test func `without a provider nothing can be created`() async throws {
        try await ServerFixture.run { server in
            let html = try await self.post(server, "/pods", "")
            #expect(html.contains("RunPod not configured. Set RUNPOD_API_KEY"))
        }
    }

    @Test func `ending asks first, and a pod can be kept`() async throws {
        let pods = ScriptedPods()
        try await ServerFixture.run(pods) { server in
            let (first, second) = (try await server.buyPod(), try await server.buyPod())
            var html = try await self.post(server, "/pods/\(first)/persistent", "persistent=true")
            #expect(html.contains("Pod \(first) stays when it is idle"))
            #expect(try await server.pod(first)?.isPersistent == true)
            _ = try await self.post(server, "/pods/\(first)/persistent", "persistent=false")
            #expect(try await server.pod(first)?.isPersistent == false)
            let question = try await server.send(.get, "\(Self.page)/pods/\(first)/end").text
            #expect(question.contains("Terminate pod \(first)?") && question.contains("method=\"post\""))
            #expect(try await server.pod(first)?.ending == nil)
            html = try await self.post(server, "/pods/\(first)/end", "")
            #expect(html.contains("Pod \(first) is being ended."))
            await server.parts.fleet?.turn()
            #expect(pods.ids == ["pod2"])
            #expect(try await self.post(server, "/pods/\(first)/end", "").contains("No pod of this server has the id"))
            #expect(try await server.send(.get, "\(Self.page)/pods/\(first)/end").status == 404)
            #expect(try await server.send(.post, "\(Self.page)/pods/%3Cb%3E/end", "").status == 404)
            let all = try await server.send(.get, "\(Self.page)/end").text
            #expect(all.contains("Terminate all pods?") && all.contains("Terminate 1 pod</button>"))
            #expect(try await server.pod(second)?.ending == nil)
            #expect(try await self.post(server, "/end", "").contains("1 pod is being ended."))
            await server.parts.fleet?.turn()
            #expect(pods.ids == [])
            #expect(!(try await server.send(.get, "\(Self.page)/end").text.contains("<form method=\"post\"")))
        }
    }

    @Test func `models are added, chosen and removed`() async throws {
        try await ServerFixture.run { server in
            var html = try await self.post(server, "/models", "model_id=+distil-large-v3+&backend=")
            #expect(html.contains("Model distil-large-v3 is on the list."))
            html = try await self.post(server, "/models/use", "model_id=distil-large-v3")
            #expect(server.parts.configuration.fleet.model == "distil-large-v3")
            #expect(html.matches(of: /New pods run it/).count == 1)
            #expect(try await self.post(server, "/models/use", "model_id=nothing").contains("not found"))
            html = try await self.post(server, "/models/remove", "model_id=distil-large-v3")
            #expect(html.contains("is what pods run"))
            _ = try await self.post(server, "/models/remove", "model_id=small")
            #expect(try await !server.parts.database.podModels.list().contains { $0.id == "small" })
            let wrong = try await server.send(.post, "\(Self.page)/models", "model_id=x&backend=steam")
            #expect(wrong.status == 400 && wrong.text.contains("is not a backend"))
            try await server.parts.settings.set(["runpod_whisper_model": "other"], at: server.time.now)
            html = try await server.send(.get, Self.page).text
            #expect(html.contains("New pods run other, which is not on this list."))
        }
    }

    @Test func `settings are taken together or not at all, and can be taken back`() async throws {
        try await ServerFixture.run { server in
            let html = try await self.post(
                server, "", "runpod_max_pods=5&runpod_budget_per_day=12.50&lease_seconds=300")
            #expect(html.contains("Saved. It counts from now on."))
            #expect(html.matches(of: /badge good">Saved/).count == 2)
            let fleet = server.parts.configuration.fleet
            #expect(fleet.maxPods == 5 && fleet.caps.perDay == Money("12.50"))
            #expect(server.parts.configuration.leaseLength == 120)
            let wrong = try await server.send(
                .post, Self.page, "runpod_max_pods=6&runpod_clouds=moon&runpod_max_price_per_hour=cheap")
            #expect(wrong.status == 400)
            #expect(wrong.text.contains("Nothing is saved: 2 values cannot be taken."))
            #expect(wrong.text.contains("<p id=\"problem-runpod_clouds\" class=\"bad sub\">RUNPOD_CLOUDS is “moon”"))
            #expect(wrong.text.contains("name=\"runpod_max_pods\" value=\"6\""))
            #expect(server.parts.configuration.fleet.maxPods == 5)
            _ = try await self.post(server, "/reset", "name=runpod_max_pods")
            #expect(server.parts.configuration.fleet.maxPods == 3)
        }
    }
}
