import { Box, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { deploymentsQuery, modelsQuery, placementsQuery } from "../api/queries";
import { Empty, Failure, Loading } from "../components/states";
import { PageTitle } from "../components/title";
import { Catalog } from "./catalog";
import { Deployments } from "./deployments";
import { running, statsQuery, trainedQuery } from "./trained";
import { Uploads } from "./uploads";

export default function ModelsPage() {
  const models = useQuery(modelsQuery);
  const deployments = useQuery(deploymentsQuery);
  const trained = useQuery(trainedQuery);
  const stats = useQuery(statsQuery);
  const placements = useQuery(placementsQuery);
  const endpoints = new Set((placements.data ?? []).map((each) => each.inference_id));
  const catalog = models.data?.models ?? [];
  const all = running(deployments.data ?? {}, placements.data ? (stats.data ?? null) : null, endpoints);
  const known = new Set(catalog.flatMap((each) => [each.id, ...each.aliases]));
  const uploaded = (trained.data ?? []).filter((each) => !known.has(each.model_id));
  return (
    <>
      <PageTitle title="Models">What this machine can run, what it runs now, and who made it.</PageTitle>
      <Section title="Running now">
        {deployments.isPending && <Loading what="deployments" />}
        {deployments.error && <Failure error={deployments.error} retry={deployments.refetch} />}
        {deployments.data && <Deployments all={all} />}
      </Section>
      {uploaded.length > 0 && (
        <Section title="Uploaded">
          <Uploads all={uploaded} unfinished={models.data?.uploads ?? []} />
        </Section>
      )}
      <Section title="Catalog">
        {models.isPending && <Loading what="the catalog" />}
        {models.error && <Failure error={models.error} retry={models.refetch} />}
        {models.data?.models.length === 0 && <Empty title="The catalog is empty" />}
        {catalog.length > 0 && <Catalog all={catalog} running={all} />}
      </Section>
      {trained.data === null && (
        <Text size="sm" c="dimmed">
          This server has no API for trained models: uploads, and starting and stopping by hand, are not there.
        </Text>
      )}
    </>
  );
}

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Box component="section" mb="xl">
      <Title order={2} fz={22} mb="sm">
        {title}
      </Title>
      {children}
    </Box>
  );
}
