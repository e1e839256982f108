import { execa } from 'execa';
import { licenceOf, type Component } from './licences.ts';

/** A bill of materials in the form of CycloneDX, of which npm fills in more than is named here. */
export interface BillOfMaterials {
  components: Component[];
}

/**
 * What npm finds in the folder of an image, each package once, however often it lies there. Licences that were looked up by
 * hand are filled in.
 *
 * @throws Error where npm finds a dependency missing or of a wrong version
 */
export async function billOfMaterials(folder: string): Promise<BillOfMaterials> {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
  const { stdout } = await execa('npm', args, { cwd: folder });
  const bill = JSON.parse(stdout) as BillOfMaterials;
  return { ...bill, components: bill.components.map(withLicence) };
}

function withLicence(component: Component): Component {
  const expression = licenceOf(component);
  return component.licenses || !expression ? component : { ...component, licenses: [{ expression }] };
}
